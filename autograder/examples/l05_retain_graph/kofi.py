# class: the file was cut off while it was uploaded; nobody can read it
# do: damage
