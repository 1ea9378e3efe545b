//! Budgets in use.
