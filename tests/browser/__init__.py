"""The theatre in real browsers: JupyterLab, Notebook 7, and pages that nbconvert and nbgrader write."""
