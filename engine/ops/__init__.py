"""Operations: each computes its value and records its derivative beside it."""
