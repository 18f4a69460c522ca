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
