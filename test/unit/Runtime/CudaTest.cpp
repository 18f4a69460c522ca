//===- CudaTest.cpp - The CUDA driver's owners ----------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FakeCuda.h"
#include "Runtime/Cuda/Driver.h"
#include "amk/Runtime/LocalGpu.h"
#include "amk/Support/Error.h"

#include <gtest/gtest.h>

using namespace amk;
using namespace amk::runtime::cuda;

namespace {

/// Starts from a driver with one device and ends with nothing left behind.
class CudaTest : public ::testing::Test {
protected:
  void SetUp() override { fakeCuda() = FakeCuda(); }
  void TearDown() override {
    EXPECT_EQ(fakeCuda().contexts, 0);
    EXPECT_EQ(fakeCuda().modules, 0);
    EXPECT_EQ(fakeCuda().allocations, 0);
    EXPECT_EQ(fakeCuda().streams, 0);
    EXPECT_EQ(fakeCuda().pinned, 0);
  }
};

template <typename Fn>
std::string messageOf(Fn fn) {
  try {
    fn();
  } catch (const Error &error) {
    return error.what();
  }
  return "no error";
}

} // namespace

TEST_F(CudaTest, DescribesTheDevice) {
  EXPECT_TRUE(available());
  Context context;
  EXPECT_EQ(context.device().name, "Fake");
  EXPECT_EQ(context.device().major, 9);
  EXPECT_EQ(context.device().minor, 0);
  EXPECT_EQ(context.device().multiprocessors, 1016);
  EXPECT_EQ(context.device().sharedBytesPerBlock, 1097);
  EXPECT_EQ(context.device().memoryBytes, 1u << 20);
  EXPECT_EQ(context.device().driverVersion, 12080);
}

TEST_F(CudaTest, SaysThatThereIsNoDevice) {
  fakeCuda().devices = 0;
  std::string why;
  EXPECT_FALSE(available(&why));
  EXPECT_EQ(why, "the CUDA driver finds no device");
  EXPECT_EQ(messageOf([] { Context context; }),
            "cuda:0: found 0 CUDA device(s), expected a number below that");
}

TEST_F(CudaTest, RefusesAnUnknownDevice) {
  EXPECT_EQ(messageOf([] { Context context(1); }),
            "cuda:1: found 1 CUDA device(s), expected a number below that");
  EXPECT_EQ(messageOf([] { Context context(-1); }),
            "cuda:-1: found 1 CUDA device(s), expected a number below that");
}

TEST_F(CudaTest, FindsTheFirstGpuThatKernelsRunOn) {
  fakeCuda().devices = 3;
  fakeCuda().oldDevices = 1;
  auto gpu = amk::runtime::findLocalGpu();
  ASSERT_TRUE(gpu);
  EXPECT_EQ(gpu->ordinal, 1u);
  EXPECT_EQ(gpu->name, "Fake");
  EXPECT_EQ(gpu->number, 90u);
  EXPECT_EQ(gpu->multiprocessors, 1016u);
  EXPECT_EQ(amk::runtime::examineGpu(2).ordinal, 2u);
  EXPECT_EQ(messageOf([] { amk::runtime::examineGpu(0); }),
            "cuda:0: Fake is sm_75, expected sm_80 or later");
  EXPECT_EQ(messageOf([] { amk::runtime::examineGpu(3); }),
            "cuda:3: found 3 CUDA device(s), expected a number below that");
}

TEST_F(CudaTest, SaysWhyNoGpuIsUsable) {
  fakeCuda().devices = 2;
  fakeCuda().oldDevices = 1;
  fakeCuda().cooperativeLaunch = 0;
  std::string why;
  EXPECT_FALSE(amk::runtime::findLocalGpu(&why));
  EXPECT_EQ(why, "cuda:0: Fake is sm_75, expected sm_80 or later; cuda:1: "
                 "Fake: cannot launch cooperatively, which this kernel needs");
  fakeCuda().devices = 0;
  EXPECT_FALSE(amk::runtime::findLocalGpu(&why));
  EXPECT_EQ(why, "the CUDA driver finds no device");
  EXPECT_EQ(messageOf([] { amk::runtime::examineGpu(0); }),
            "cuda:0: the CUDA driver finds no device");
}

TEST_F(CudaTest, ReadsNamesOfGpus) {
  EXPECT_EQ(amk::runtime::parseGpu("cuda"), 0u);
  EXPECT_EQ(amk::runtime::parseGpu("cuda:12"), 12u);
  for (const char *name :
       {"", "cpu", "cuda:", "cuda:-1", "cuda:1x", "cuda:1000", "gpu:0"})
    EXPECT_EQ(messageOf([&] { amk::runtime::parseGpu(name); }),
              std::string("device: found \"") + name +
                  "\", expected cpu or cuda:NUMBER");
}

TEST_F(CudaTest, RunsAKernel) {
  Context context;
  Module module("ptx", "a.ptx");
  Function function = module.function("add_one");
  EXPECT_EQ(function.name(), "add_one");
  EXPECT_EQ(function.registers(), 4); // the fake gives the attribute's number
  EXPECT_EQ(function.localBytes(), 3);

  float values[3] = {1, 2, 3};
  DeviceBuffer buffer(sizeof(values), "values");
  float zeros[3] = {7, 7, 7};
  buffer.download(zeros);
  EXPECT_EQ(zeros[0] + zeros[1] + zeros[2], 0);
  buffer.upload(values);
  launch(function, 1, 256, 60000, {buffer.address(), 2});
  context.synchronize("add_one");
  buffer.download(values);
  EXPECT_EQ(values[0], 2);
  EXPECT_EQ(values[1], 3);
  EXPECT_EQ(values[2], 3);
  EXPECT_EQ(fakeCuda().blocks, 1u);
  EXPECT_EQ(fakeCuda().threads, 256u);
  EXPECT_EQ(fakeCuda().sharedBytes, 60000u);
  EXPECT_EQ(fakeCuda().maxDynamicSharedBytes, 60000);
}

TEST_F(CudaTest, MovesBuffers) {
  Context context;
  DeviceBuffer buffer(16, "values");
  uint64_t address = buffer.address();
  DeviceBuffer other = std::move(buffer);
  EXPECT_EQ(other.address(), address);
  EXPECT_EQ(fakeCuda().allocations, 1);
}

/// Our streams do not wait for the default one, on which buffers are cleared
/// and filled.
TEST_F(CudaTest, ABufferIsReadyForAnyStream) {
  Context context;
  Stream stream;
  PinnedBuffer pinned(4, "values");
  DeviceBuffer buffer(4, "values");
  pinned.data()[0] = 7;
  stream.upload(buffer.address(), pinned.data(), 4, "values");
  stream.synchronize("values");
  uint8_t found[4];
  buffer.download(found); // waits for the default stream
  EXPECT_EQ(found[0], 7);
  const uint8_t filled[4] = {9, 9, 9, 9};
  buffer.upload(filled);
  stream.download(pinned.data(), buffer.address(), 4, "values");
  stream.synchronize("values");
  EXPECT_EQ(pinned.data()[0], 9);
}

TEST_F(CudaTest, StreamsCopyAndClear) {
  Context context;
  Stream stream;
  PinnedBuffer pinned(16, "values");
  EXPECT_EQ(pinned.data()[15], 0);
  DeviceBuffer buffer(16, "values");
  pinned.data()[3] = 7;
  stream.upload(buffer.address(), pinned.data(), 16, "values");
  stream.clear(buffer.address(), 2, "values");
  pinned.data()[3] = 0;
  stream.download(pinned.data(), buffer.address(), 16, "values");
  stream.synchronize("values");
  EXPECT_TRUE(stream.isDone("values"));
  EXPECT_EQ(pinned.data()[3], 7);
  fakeCuda().synchronizeStatus = 700;
  EXPECT_EQ(messageOf([&] { stream.isDone("step 3"); }),
            "step 3: cuStreamQuery: CUDA_ERROR_ILLEGAL_ADDRESS (an illegal "
            "memory access)");
  fakeCuda().synchronizeStatus = 0;
}

TEST_F(CudaTest, ShowsTheAssemblersLog) {
  Context context;
  EXPECT_EQ(messageOf([] { Module module("no ptx", "a.ptx"); }),
            "a.ptx: cuModuleLoadDataEx: CUDA_ERROR_INVALID_PTX\n"
            "line 1: not an instruction");
}

TEST_F(CudaTest, NamesTheMissingFunction) {
  Context context;
  Module module("ptx", "a.ptx");
  EXPECT_EQ(messageOf([&] { module.function("nothing"); }),
            "a.ptx: nothing: cuModuleGetFunction: CUDA_ERROR_NOT_FOUND");
}

TEST_F(CudaTest, ReportsWhatTheDriverRefuses) {
  Context context;
  EXPECT_EQ(
      messageOf([] { DeviceBuffer buffer(1 << 21, "weights"); }),
      "weights: 2097152 bytes of device memory: cuMemAlloc: CUDA error 2");
  Module module("ptx", "a.ptx");
  Function function = module.function("add_one");
  EXPECT_EQ(messageOf([&] { launch(function, 1, 2048, 0, {0, 0}); }),
            "add_one: 1 x 2048 threads: cuLaunchKernel: CUDA error 1");
  fakeCuda().synchronizeStatus = 700;
  EXPECT_EQ(messageOf([&] { context.synchronize("step 3"); }),
            "step 3: cuCtxSynchronize: CUDA_ERROR_ILLEGAL_ADDRESS (an illegal "
            "memory access)");
}
