"""The largest absolute difference between a file with a prob record and PyTorch's raw probabilities.

    difference.py PROB.nrrd RAW"""

import sys

import numpy

from torch_step import read_records

ours = next(array for _, array in read_records(sys.argv[1]))
theirs = numpy.fromfile(sys.argv[2], "<f4").reshape(ours.shape)
print("%.3g" % numpy.abs(ours - theirs).max())
