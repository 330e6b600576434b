"""The teaching kit: graded assignments, their grading in a sandbox, and quizzes."""
