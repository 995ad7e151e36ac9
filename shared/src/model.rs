//! The model runtime: bundle, tokenizer, sessions, batching queue.
