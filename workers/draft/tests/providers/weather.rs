//! When it is not.
