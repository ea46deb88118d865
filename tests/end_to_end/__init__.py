"""Whole models from ONNX file to numbers, against onnxruntime on the same file."""
