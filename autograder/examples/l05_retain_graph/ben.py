# class: nothing written; the notebook as it was released
