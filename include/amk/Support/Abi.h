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

constexpr uint32_t kAbiVersion = 4;

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
  /// What the task's run moves through a GPU worker's ring of stages: a weight
  /// run has `stageCount` stages of `stageBytes`; a KV run has 0 stages (their
  /// number follows from the position) of `stageBytes` per block of the cache;
  /// 0, 0: no run, as always on a CPU.
  uint32_t stageCount;
  uint32_t stageBytes;
  uint32_t reserved[5]; ///< zero
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
  /// Fragment blocks for a GPU's tensor cores; docs/GpuKernel.md, section 3, has
  /// the formulas. The unit is a block of kFragmentBytes; blocks come in the
  /// order task, panel of K, tile, stage (see amk/Support/GpuLayout.h), and K is
  /// padded with blocks of zeros. bf16, f16: 8 rows x 32 columns a block.
  MmaTile8x2 = 1,
  /// bf16, f16: 4 rows x 64 columns.
  MmaTile4x4 = 2,
  /// f32: 8 rows x 16 columns, for plain multiplication.
  ScalarTile8 = 3,
  /// int8: 8 rows x 64 columns.
  MmaTile8x2S8 = 4,
};
constexpr uint32_t kNumPackLayouts = 5;
constexpr uint32_t kPackChunk = 32;
/// Bytes of a fragment block: 16 for each lane of a warp.
constexpr uint32_t kFragmentBytes = 512;

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
  /// As RotaryPairs, with the heads listed by kv head: its query heads, its key
  /// head, its value head. So a tile of 8 rows belongs to one kv head.
  RotaryGroups = 3,
};
constexpr uint32_t kNumPackRows = 4;

constexpr uint32_t kNoTensor = 0xffffffffu;

/// One task's weights in one worker's stream.
struct PackSegment {
  uint32_t worker;
  uint32_t layout;     ///< PackLayout
  uint32_t rowMap;     ///< PackRows
  uint32_t tileRows;   ///< even for Gated and RotaryPairs
  uint32_t tensors[3]; ///< indices into manifest "tensors", or kNoTensor
  uint32_t headDim;    ///< RotaryPairs and RotaryGroups, else 0
  /// Fragment layouts: most blocks in a stage of the ring (32 for stages of
  /// 16 KiB, 16 for 8 KiB). RowInterleaved32: 0.
  uint32_t stageBlocks;
  uint32_t reserved; ///< zero
  uint64_t unitBegin;
  uint64_t unitCount;
  /// Bytes: a multiple of 64, of kFragmentBytes in fragment layouts.
  uint64_t streamOffset;
  uint64_t bytes;        ///< of the packed segment
};
static_assert(sizeof(PackSegment) == 72);

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

//===----------------------------------------------------------------------===//
// GPU: device tables and launch. docs/GpuKernel.md, sections 2.2 and 7
//===----------------------------------------------------------------------===//

/// Flags of a DeviceInstruction.
enum DeviceFlag : uint16_t {
  kWeightRun = 1, ///< its stages come from the worker's weight stream
  kKVRun = 2,     ///< its stages come from the worker's part of the KV cache
  kCounterWaits = 4,
  kCounterSignals = 8,
  kResidualPolled = 16, ///< waited for the residual's words earlier in the step
};

constexpr uint32_t kDeviceWaits = 2;
constexpr uint32_t kDeviceTagInputs = 2;
/// Operands that are pointers are stored as byte offset / kOperandUnit.
constexpr uint32_t kOperandUnit = 16;

/// As Wait, with the counter's perStep at hand. counter == kNone: no wait.
struct DeviceWait {
  uint32_t counter;
  int32_t threshold;
  uint32_t perStep;
};

/// What a worker's queue is on the device: made from Instruction by a pure
/// function and decoded again for comparison. Only compute queues have
/// instructions; the loader walks the same ones.
struct DeviceInstruction {
  uint16_t body;
  uint16_t flags; ///< of DeviceFlag
  uint32_t index; ///< in the tables' instructions, for reports and timelines
  /// kWeightRun: stages of the run. kKVRun: (splits << 16) | split.
  uint32_t stageCount;
  /// kWeightRun: bytes of a tile in a stage. kKVRun: bytes of a block of the
  /// cache.
  uint16_t stageBytes;
  /// kWeightRun: tiles of a stage, and of the last two stages.
  uint8_t stageTiles, lastTiles;
  /// kWeightRun: begin of the run in the worker's stream; kKVRun: of the layer's
  /// blocks in the worker's part of the cache; both in kFragmentBytes.
  uint32_t runOffset;
  uint32_t tagOut;                  ///< tagBase of the Tag counters it signals
  uint32_t tagIn[kDeviceTagInputs]; ///< tagBase of those it waits for
  DeviceWait waits[kDeviceWaits];
  uint32_t signalCounter; ///< kNone: none
  uint32_t signalAmount;
  uint32_t operands[kMaxOperands];
};
static_assert(sizeof(DeviceInstruction) == 128);
static_assert(offsetof(DeviceInstruction, operands) == 64);

/// The compute queue of a worker on the device.
struct DeviceQueue {
  uint64_t instructions; ///< device address of DeviceInstruction[count]
  uint64_t stream;       ///< device address of the worker's weight stream
  uint64_t kvCache;      ///< device address of its part of the KV cache
  uint32_t count;        ///< at least 1; the last task is next_token
  uint32_t kvRuns;       ///< instructions with kKVRun
};
static_assert(sizeof(DeviceQueue) == 32);

/// What a bounded wait was for.
enum class WaitKind : uint32_t {
  None = 0,        ///< no report
  Counter = 1,     ///< what: counter; seen, expected: its value
  Word = 2,        ///< what: index of the word; seen, expected: its tag
  RingFull = 3,    ///< what: slot; seen: 0; expected: parity
  RingEmpty = 4,   ///< the same
  Instruction = 5, ///< what: slot of the instruction ring; as RingFull
  InstructionFree = 6,
  Appended = 7, ///< what: 0; seen, expected: appends of this worker
};

/// Written once by the first bounded wait of a launch that fails.
struct WaitReport {
  uint32_t kind; ///< WaitKind; claimed by compare and swap from 0
  uint32_t worker;
  uint32_t instruction; ///< DeviceInstruction::index, or the loader's
  uint32_t what;
  uint32_t seen;
  uint32_t expected;
  uint64_t nanoseconds; ///< waited
  /// Word: device address of the buffer, to name it; else 0.
  uint64_t address;
  uint32_t step;
  uint32_t complete; ///< 1 once all other fields are written
};
static_assert(sizeof(WaitReport) == 48);

/// Clock stamps of a task in the timeline, in this order.
enum class Stamp : uint32_t {
  Begin = 0,     ///< instruction read
  Input = 1,     ///< input complete
  Weights = 2,   ///< last weights consumed
  Published = 3, ///< results sent
};
constexpr uint32_t kStamps = 4;

/// The one parameter of a GPU kernel, passed by value; constant in a launch.
/// Pointers are device addresses.
struct GpuArgs {
  uint64_t arena;     ///< activations: plain f32 and words
  uint64_t constants; ///< norm weights, rotary tables
  uint64_t externals; ///< device addresses [manifest "external"]
  uint64_t counters;  ///< u32, kCounterStride bytes apart, zero at the launch
  uint64_t control;   ///< Control, in device memory
  uint64_t queues;    ///< DeviceQueue[workers]
  /// tokens[p] as in KernelArgs: the prompt's, then what was generated.
  uint64_t tokens;
  /// One word {token, 1} for each step of the launch, in host memory that the
  /// device reaches; the host zeroes them. See docs/GpuKernel.md, 7.
  uint64_t hostTokens;
  uint64_t logits;     ///< f32; row of step s at s * logitsStride; 0: not wanted
  uint64_t stopTokens; ///< i32[stopTokenCount]
  uint64_t report;     ///< WaitReport, zero at the launch
  uint64_t stamps;     ///< with a trace: TaskStamps and WorkerClocks (Stamps.h)
  uint64_t waitNanoseconds; ///< of a wait for another worker; own ones: 4 times
  uint64_t logitsStride;    ///< in floats; 0 keeps only the last row
  uint32_t workers;
  uint32_t stopTokenCount;
  uint32_t startPosition; ///< position of step 0 of this launch
  uint32_t steps;         ///< steps of this launch, >= 1
  uint32_t promptLength;
  uint32_t launchTag; ///< added to all tags
  uint32_t tagStride; ///< tag of an edge: launchTag + tagBase + step * tagStride
  uint32_t vocab;     ///< tokens are clamped to it
  uint32_t instructionCount; ///< in the tables; see DeviceInstruction::index
  uint32_t reserved;
};
static_assert(sizeof(GpuArgs) == 152);

/// Entry of a GPU code object: void(GpuArgs), one block per worker.
constexpr const char *kGpuEntryName = "amk_gpu_main";
/// Threads of a block: 16 consumer warps and the loader's.
constexpr uint32_t kGpuThreads = 544;
constexpr uint32_t kGpuConsumers = 512;

} // namespace amk::abi

#endif // AMK_SUPPORT_ABI_H
