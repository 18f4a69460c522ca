//===- Abi.h - The border between compiler, tables and runtime --*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one place for every layout that generated code, the table encoder and the
// runtime must agree on. Plain data, fixed widths, little endian, no pointers
// in files. Generated code addresses these structs by offsetof() of this
// header.
//
// A change of any layout or meaning here raises kAbiVersion.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_SUPPORT_ABI_H
#define AMK_SUPPORT_ABI_H

#include <cstddef>
#include <cstdint>

namespace amk::abi {

constexpr uint32_t kAbiVersion = 2;

/// Most workers of a schedule.
constexpr uint32_t kMaxWorkers = 4096;

//===----------------------------------------------------------------------===//
// Address spaces: where a byte offset of the tables points.
//===----------------------------------------------------------------------===//

/// Every byte offset in an instruction operand or a buffer is relative to the
/// base of one of these spaces.
enum class Space : uint32_t {
  Arena = 0,    ///< Activations; reused within a step.
  KVCache = 1,  ///< Keys and values of all layers; carried over steps.
  Constant = 2, ///< Small read-only data built at load (norm weights, rotary).
  Stream = 3,   ///< Packed weights of one worker; private, read only.
  External = 4, ///< A checkpoint tensor read in place from its mapping.
  IO = 5,       ///< State shared with the host: see IOLayout.
  Scratch = 6,  ///< Private to one worker; never shared.
  Shared = 7,   ///< Of the agents of a worker (GPU shared memory); rings.
};
constexpr uint32_t kNumSpaces = 8;

/// Bytes of the IO space as the verifier sees them. The kernel reaches the same
/// things through KernelArgs (tokens, control, logits); the offsets here only
/// give them distinct addresses in access descriptions.
struct IOLayout {
  static constexpr uint64_t kToken = 0;    ///< i32: token the next step reads.
  static constexpr uint64_t kControl = 64; ///< stop flag.
  static constexpr uint64_t kLogits = 128; ///< f32[vocab].
};

//===----------------------------------------------------------------------===//
// tables.bin
//===----------------------------------------------------------------------===//

constexpr char kTablesMagic[8] = {'A', 'M', 'K', 'T', 'A', 'B', 'L', '1'};

/// A section is an array of one struct type: `offset` in bytes from the start
/// of the file (8-byte aligned), `count` in elements.
struct Section {
  uint64_t offset;
  uint64_t count;
};

/// Where an index may name nothing: no worker, no counter.
constexpr uint32_t kNone = 0xffffffffu;

struct TablesHeader {
  char magic[8];
  uint32_t abiVersion;
  uint32_t workers;
  uint64_t fileBytes;
  uint64_t tagStride;        ///< words of a Tag counter carry, in step t,
  uint32_t tagBits;          ///< (tagBase + t * tagStride) mod 2^tagBits
  uint32_t reserved;         ///< zero
  uint64_t limitWorkers;     ///< resident at once on the target; 0: unchecked
  uint64_t limitSharedBytes; ///< shared memory per worker; 0: unchecked
  Section spaces;            ///< SpaceInfo[]
  Section buffers;           ///< BufferInfo[]
  Section queues;            ///< Queue[], one or two for each worker
  Section instructions;      ///< Instruction[], all queues one after another
  Section waits;             ///< Wait[]
  Section signals;           ///< Signal[]
  Section accesses;          ///< Access[]
  Section counters;          ///< Counter[]
  Section segments;          ///< PackSegment[]
  Section strings; ///< char[]: NUL-terminated names, first byte is NUL
};

/// Memory that the verifier follows. Arena, KVCache and IO are at most one
/// space each and belong to no worker. The Shared spaces of a worker lie one
/// after the other, in this order.
struct SpaceInfo {
  uint32_t name;      ///< Offset in strings.
  uint32_t space;     ///< Space: Arena, KVCache, IO or Shared
  uint64_t bytes;     ///< Addresses; of a ring: tape per step.
  uint64_t ringBytes; ///< Shared only: memory of a ring; 0: not a ring.
  uint32_t worker;    ///< Shared: whose; kNone: global memory.
  uint32_t reserved;  ///< zero
};
static_assert(sizeof(SpaceInfo) == 32);

enum class BufferKind : uint32_t { Scratch = 0, Carried = 1, Output = 2 };

/// A value, at bytes [offset, offset + bytes) of `space`.
struct BufferInfo {
  uint32_t name;     ///< Offset in strings.
  uint32_t kind;     ///< BufferKind
  uint32_t space;    ///< Index of the SpaceInfo.
  uint32_t reserved; ///< zero
  uint64_t offset;
  uint64_t bytes;
};
static_assert(sizeof(BufferInfo) == 32);

enum class Role : uint32_t {
  Compute = 0, ///< Runs the bodies.
  Loader = 1,  ///< Fills the worker's rings.
};

/// The instructions [begin, begin + count) run by one agent. Queues are sorted
/// by worker: each has one Compute queue and then at most one Loader queue.
struct Queue {
  uint32_t begin;
  uint32_t count;
  uint32_t worker;
  uint32_t role; ///< Role
};
static_assert(sizeof(Queue) == 16);

constexpr uint32_t kMaxOperands = 16;

/// One task of one worker. Waits first, then runs `body` with `operands` (byte
/// offsets or plain integers, in the order of the body's arguments), then
/// signals. 192 bytes.
struct Instruction {
  uint32_t body; ///< Index of the body in the generated dispatch.
  uint32_t name; ///< Offset in strings: "layers.3.qkv[2]".
  uint32_t waitBegin;
  uint32_t waitCount;
  uint32_t signalBegin;
  uint32_t signalCount;
  uint32_t accessBegin;
  uint32_t accessCount;
  uint32_t operandCount;
  uint32_t reserved[7]; ///< zero
  uint64_t operands[kMaxOperands];
};
static_assert(sizeof(Instruction) == 192);

/// Release and Parity: satisfied when counter >= threshold + step *
/// perStep(counter), with `step` the index of the step in the launch. A sum of
/// zero or less is always satisfied (a wait on the previous step, in the first
/// step of a launch). Tag: satisfied when all words of the counter carry this
/// step's tag.
struct Wait {
  uint32_t counter;
  int32_t threshold;
};

/// Adds `amount` to the counter, with release semantics.
struct Signal {
  uint32_t counter;
  uint32_t amount;
};

/// How a counter is made; docs/ScheduleSpec.md says what each orders.
enum class Protocol : uint32_t { Release = 0, Tag = 1, Parity = 2 };

/// perStep = sum of all signal amounts on this counter in one step.
struct Counter {
  uint32_t perStep;
  uint32_t name;     ///< Offset in strings.
  uint32_t protocol; ///< Protocol
  uint32_t barriers; ///< Parity: mbarriers used in turn; else zero.
  uint64_t tagBase;  ///< Tag: see TablesHeader; else zero.
};
static_assert(sizeof(Counter) == 24);

enum class AccessMode : uint32_t {
  Read = 0,
  ReadPrevious = 1,
  Write = 2,
  WriteTagged = 3,
  Reduce = 4,
};

/// `rows` runs of `rowBytes` bytes, `rowStride` bytes apart, from byte `offset`
/// of a buffer. Only mutable memory is described (see SpaceInfo).
struct Access {
  uint32_t buffer;   ///< Index of the BufferInfo.
  uint32_t mode;     ///< AccessMode
  uint32_t counter;  ///< WriteTagged: whose words these are; else kNone.
  uint32_t reserved; ///< zero
  uint64_t offset;
  uint64_t rows;
  uint64_t rowBytes;
  uint64_t rowStride;
};
static_assert(sizeof(Access) == 48);

/// How weights lie in a stream. See PackSegment.
enum class PackLayout : uint32_t {
  /// Tiles of `tileRows` rows. A tile is, for each K-chunk of 32, for each row,
  /// 32 elements. bf16 chunks interleave the halves: element 2j is k0+j and
  /// element 2j+1 is k0+16+j, so that one shift and one mask of 32-bit words
  /// give two natural-order vectors of 16. f16 and f32 chunks are in natural
  /// order. K is padded with zeros to a multiple of 32, rows to a multiple of
  /// tileRows.
  RowInterleaved32 = 0,
};
constexpr uint32_t kPackChunk = 32;

/// Which checkpoint row each packed row is.
enum class PackRows : uint32_t {
  /// packed row r = row unitBegin + r of tensors[0].
  Plain = 0,
  /// Tiles hold tileRows/2 rows of tensors[0] (gate), then the same rows of
  /// tensors[1] (up). A unit is one row of each.
  Gated = 1,
  /// tensors[0..2] = q, k, v seen as one list of rows. Unit p is the pair of
  /// rows (h*D + i, h*D + D/2 + i) with D = headDim, h = p / (D/2),
  /// i = p % (D/2). A tile holds tileRows/2 first rows, then their partners.
  RotaryPairs = 2,
};

constexpr uint32_t kNoTensor = 0xffffffffu;

/// One task's weights in one worker's stream.
struct PackSegment {
  uint32_t worker;
  uint32_t layout;     ///< PackLayout
  uint32_t rowMap;     ///< PackRows
  uint32_t tileRows;   ///< even for Gated and RotaryPairs
  uint32_t tensors[3]; ///< indices into manifest "tensors", or kNoTensor
  uint32_t headDim;    ///< RotaryPairs only, else 0
  uint64_t unitBegin;
  uint64_t unitCount;
  uint64_t streamOffset; ///< bytes, multiple of 64
  uint64_t bytes;        ///< of the packed segment
};
static_assert(sizeof(PackSegment) == 64);

//===----------------------------------------------------------------------===//
// Launch
//===----------------------------------------------------------------------===//

/// Written by the kernel, read by the host while it runs (streaming), and back.
struct Control {
  /// Steps completed since the launch began; release-stored by the argmax body
  /// after the token is written.
  uint32_t stepsDone;
  /// Set by the argmax body when a stop token was produced, or by the host to
  /// end the launch after the current step; read by every worker's gate.
  uint32_t stop;
  /// Set by the first bounded wait that fails; every worker then returns.
  uint32_t aborted;
  uint32_t reserved[13];
};
static_assert(sizeof(Control) == 64);

/// Counters lie this many bytes apart (one cache line each).
constexpr uint32_t kCounterStride = 64;

struct KernelArgs;

/// Called by a worker whose wait was not satisfied after `spinLimit` polls.
/// Returns 0 once the counter reached `expected`, 1 to abandon the launch.
using WaitSlowFn = uint32_t (*)(const KernelArgs *args, uint32_t worker,
                                uint32_t instruction, uint32_t counter,
                                uint32_t expected);

/// Where a worker can be held up; see NoiseFn.
enum class NoisePoint : uint32_t {
  BeforeWait = 0,
  AfterWait = 1, ///< it holds
  BeforeSignal = 2,
  AfterSignal = 3,
};

/// Called at every NoisePoint (`kind`), once for each wait and each signal, by
/// code that was compiled with delay injection, and by no other code. For tests
/// that look for races.
using NoiseFn = void (*)(const KernelArgs *args, uint32_t worker,
                         uint32_t instruction, uint32_t kind);

/// The argument of the kernel's entry; constant during a launch.
struct KernelArgs {
  uint8_t *arena;
  uint8_t *kvCache;
  const uint8_t *constants;
  const uint8_t *const *streams;   ///< [workers]
  const uint8_t *const *externals; ///< [manifest "external"]
  uint8_t *const *scratch;         ///< [workers]
  uint8_t *counters;               ///< kCounterStride bytes each
  Control *control;
  /// tokens[p] is the token at position p. The step at position p reads
  /// tokens[p]; its argmax writes tokens[p+1] unless p+1 < promptLength.
  int32_t *tokens;
  float *logits; ///< row of step s at logits + s * logitsStride
  const Queue *queues;
  const Instruction *instructions;
  const Wait *waits;
  const Signal *signals;
  const Counter *counterInfo;
  const int32_t *stopTokens;
  WaitSlowFn waitSlow;
  NoiseFn noise; ///< null: no delays
  void *host;    ///< for waitSlow and noise; the kernel never looks inside
  uint64_t logitsStride; ///< in floats; 0 keeps only the last row
  uint32_t stopTokenCount;
  uint32_t startPosition; ///< position of step 0 of this launch
  uint32_t steps;         ///< steps of this launch, >= 1
  uint32_t promptLength;
  uint32_t spinLimit;
  uint32_t reserved;
};

/// Entry of a CPU code object: runs one worker for the whole launch. Returns 0
/// at the normal end (also after a stop token), 1 when the launch was
/// abandoned.
using WorkerEntryFn = uint32_t (*)(const KernelArgs *args, uint32_t worker);
constexpr const char *kWorkerEntryName = "amk_worker_main";
/// const uint32_t in the code object, equal to kAbiVersion.
constexpr const char *kAbiSymbolName = "amk_abi_version";

} // namespace amk::abi

#endif // AMK_SUPPORT_ABI_H
