"""The strategy engine: arrays in, arrays out. It opens nothing and reads no clock."""

# Raised with every change that can move a number; part of each run's content key.
ENGINE_VERSION = "5"
