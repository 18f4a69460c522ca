# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# cmake -DOUTPUT=FILE -DROOT=DIR -DSOURCES=A;B -P AMKVerifierId.cmake
#
# Writes a string literal that changes with any of the sources of the verifier,
# so that what one verifier found safe is never taken for the word of another.

set(hashes "")
foreach(source IN LISTS SOURCES)
  file(SHA256 "${ROOT}/${source}" hash)
  string(APPEND hashes "${source} ${hash}\n")
endforeach()
string(SHA256 id "${hashes}")
file(WRITE "${OUTPUT}" "\"${id}\"\n")
