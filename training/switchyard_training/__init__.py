"""Fine-tuning, calibration, export and evaluation of the Switchyard model bundles."""
