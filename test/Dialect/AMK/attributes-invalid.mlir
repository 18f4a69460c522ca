// Attributes and types that contradict themselves.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

// expected-error @+2 {{vocab, hidden and context must be positive, found 0, 8, 16}}
module attributes {test.a =
    #amk.config<family = "llama", vocab = 0, hidden = 8,
    layers = 0, context = 16, eos = [], bos = -1>} {}

// -----

// expected-error @+2 {{vocab, hidden and context must be positive, found 32, 0, 16}}
module attributes {test.a =
    #amk.config<family = "llama", vocab = 32, hidden = 0,
    layers = 0, context = 16, eos = [], bos = -1>} {}

// -----

// expected-error @+2 {{vocab, hidden and context must be positive, found 32, 8, -1}}
module attributes {test.a =
    #amk.config<family = "llama", vocab = 32, hidden = 8,
    layers = 0, context = -1, eos = [], bos = -1>} {}

// -----

// expected-error @+2 {{layers must not be negative, found -1}}
module attributes {test.a =
    #amk.config<family = "llama", vocab = 32, hidden = 8,
    layers = -1, context = 16, eos = [], bos = -1>} {}

// -----

// expected-error @+2 {{eos token 32 is outside the vocabulary of 32}}
module attributes {test.a =
    #amk.config<family = "llama", vocab = 32, hidden = 8,
    layers = 0, context = 16, eos = [2, 32], bos = -1>} {}

// -----

// expected-error @+2 {{eos token -1 is outside the vocabulary of 32}}
module attributes {test.a =
    #amk.config<family = "llama", vocab = 32, hidden = 8,
    layers = 0, context = 16, eos = [-1], bos = -1>} {}

// -----

// expected-error @+2 {{bos token 32 is outside the vocabulary of 32}}
module attributes {test.a =
    #amk.config<family = "llama", vocab = 32, hidden = 8,
    layers = 0, context = 16, eos = [], bos = 32>} {}

// -----

// expected-error @+2 {{bos token -2 is outside the vocabulary of 32}}
module attributes {test.a =
    #amk.config<family = "llama", vocab = 32, hidden = 8,
    layers = 0, context = 16, eos = [], bos = -2>} {}

// -----

// expected-error @below {{phase index must not be negative, found -1}}
module attributes {test.a = #amk.phase<-1, "a", 0 of 1>} {}

// -----

// expected-error @below {{part 2 is not one of 2}}
module attributes {test.a = #amk.phase<0, "a", 2 of 2>} {}

// -----

// expected-error @below {{part -1 is not one of 2}}
module attributes {test.a = #amk.phase<0, "a", -1 of 2>} {}

// -----

// expected-error @below {{phase label must not be empty}}
module attributes {test.a = #amk.phase<0, "", 0 of 1>} {}

// -----

// expected-error @below {{expected 0 <= begin < end, found [4, 4)}}
module attributes {test.a = #amk.range<4, 4>} {}

// -----

// expected-error @below {{expected 0 <= begin < end, found [-1, 4)}}
module attributes {test.a = #amk.range<-1, 4>} {}

// -----

// expected-error @+2 {{heads, positions and dim must be positive, found 0, 16, 4}}
module attributes {test.a =
    !amk.kv<heads = 0, positions = 16, dim = 4, element = f32>} {}

// -----

// expected-error @+2 {{heads, positions and dim must be positive, found 1, 0, 4}}
module attributes {test.a =
    !amk.kv<heads = 1, positions = 0, dim = 4, element = f32>} {}

// -----

// expected-error @+2 {{heads, positions and dim must be positive, found 1, 16, 0}}
module attributes {test.a =
    !amk.kv<heads = 1, positions = 16, dim = 0, element = f32>} {}

// -----

// expected-error @+2 {{expected an f32 cache, found 'f16'}}
module attributes {test.a =
    !amk.kv<heads = 1, positions = 16, dim = 4, element = f16>} {}

// -----

// expected-error @+2 {{expected less than 2^63 bits, found heads, positions and dim 4294967296, 16, 4294967296}}
module attributes {test.a =
    !amk.kv<heads = 4294967296, positions = 16, dim = 4294967296, element = f32>} {}

// -----

// expected-error @+2 {{expected one of read, read_previous, write, write_tagged, reduce}}
module attributes {test.a =
    #amk.access<wipe, buffer = 0, offset = 0, rows = 1,
    row_bytes = 1, row_stride = 0, counter = -1>} {}

// -----

// expected-error @+2 {{expected a buffer from 0 on, found -1}}
module attributes {test.a =
    #amk.access<read, buffer = -1, offset = 0, rows = 1,
    row_bytes = 1, row_stride = 0, counter = -1>} {}

// -----

// expected-error @+2 {{expected an offset from 0 on, row_bytes from 1 on and a sum below 2^63, found -1 and 1}}
module attributes {test.a =
    #amk.access<read, buffer = 0, offset = -1, rows = 1,
    row_bytes = 1, row_stride = 0, counter = -1>} {}

// -----

// expected-error @+2 {{expected an offset from 0 on, row_bytes from 1 on and a sum below 2^63, found 0 and 0}}
module attributes {test.a =
    #amk.access<read, buffer = 0, offset = 0, rows = 1,
    row_bytes = 0, row_stride = 0, counter = -1>} {}

// -----

// expected-error @+2 {{expected an offset from 0 on, row_bytes from 1 on and a sum below 2^63, found 9223372036854775807 and 1}}
module attributes {test.a =
    #amk.access<read, buffer = 0, offset = 9223372036854775807, rows = 1,
    row_bytes = 1, row_stride = 0, counter = -1>} {}

// -----

// expected-error @+2 {{expected rows from 1 on and a row_stride from 0 on, found 0 and 0}}
module attributes {test.a =
    #amk.access<read, buffer = 0, offset = 0, rows = 0,
    row_bytes = 1, row_stride = 0, counter = -1>} {}

// -----

// expected-error @+2 {{expected rows from 1 on and a row_stride from 0 on, found 1 and -1}}
module attributes {test.a =
    #amk.access<read, buffer = 0, offset = 0, rows = 1,
    row_bytes = 1, row_stride = -1, counter = -1>} {}

// -----

// expected-error @+2 {{expected a counter for write_tagged, found -1}}
module attributes {test.a =
    #amk.access<write_tagged, buffer = 0, offset = 0, rows = 1,
    row_bytes = 1, row_stride = 0, counter = -1>} {}

// -----

// expected-error @+2 {{expected no counter for write, found 0}}
module attributes {test.a =
    #amk.access<write, buffer = 0, offset = 0, rows = 1,
    row_bytes = 1, row_stride = 0, counter = 0>} {}

// -----

// expected-error @+2 {{expected no counter for read, found -2}}
module attributes {test.a =
    #amk.access<read, buffer = 0, offset = 0, rows = 1,
    row_bytes = 1, row_stride = 0, counter = -2>} {}

// -----

// expected-error @+2 {{expected a stride from 0 on, found -1}}
module attributes {test.a =
    #amk.tags<stride = -1, bits = 32>} {}

// -----

// expected-error @+2 {{expected 1 to 64 bits, found 0}}
module attributes {test.a =
    #amk.tags<stride = 1, bits = 0>} {}

// -----

// expected-error @+2 {{expected 1 to 64 bits, found 65}}
module attributes {test.a =
    #amk.tags<stride = 1, bits = 65>} {}

// -----

// expected-error @+2 {{expected limits from 0 on, found -1 workers and 0 shared_bytes}}
module attributes {test.a =
    #amk.limits<workers = -1, shared_bytes = 0>} {}

// -----

// expected-error @+2 {{expected limits from 0 on, found 1 workers and -1 shared_bytes}}
module attributes {test.a =
    #amk.limits<workers = 1, shared_bytes = -1>} {}
