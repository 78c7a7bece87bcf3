"""How nbgrader turns solutions/ into exercises/; `course exercises` follows the same settings."""

c = get_config()  # noqa: F821  (nbgrader defines it)

c.CourseDirectory.course_id = "perceptron-to-transformer"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
# The hidden checks stay with the instructor.
c.CourseDirectory.ignore = ["checks.py", "__pycache__", ".ipynb_checkpoints", "*.pyc"]


def bring_checks_back(assignment: str, **_: object) -> None:
    """The formgrader's button Generate empties the folder of the release, checks.json with it."""
    from engine.course.exercises import generate
    from engine.course.paths import course_root

    root = course_root()
    for name, content in generate(root / "solutions" / assignment, root).items():
        (root / "exercises" / assignment / name).write_bytes(content)


c.GenerateAssignment.post_convert_hook = bring_checks_back

c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE"}
c.TagRemovePreprocessor.remove_cell_tags = {"solution-only"}
c.TagRemovePreprocessor.enabled = True

c.GenerateAssignment.preprocessors = [
    "nbgrader.preprocessors.LockCells",
    "nbconvert.preprocessors.TagRemovePreprocessor",
    "nbgrader.preprocessors.ClearSolutions",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.SaveCells",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbgrader.preprocessors.ClearMarkScheme",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.CheckCellMetadata",
]
# A cell that a student deleted comes back, empty, when the notebook is graded.
c.OverwriteCells.add_missing_cells = True
