# class: the reference solution
# do: reference
