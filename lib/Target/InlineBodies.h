//===- InlineBodies.h - Bodies become part of the kernel --------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_TARGET_INLINEBODIES_H
#define AMK_LIB_TARGET_INLINEBODIES_H

namespace llvm {
class Module;
} // namespace llvm

namespace mlir::amk {

/// Inlines the bodies of a GPU's optimised module, and tidies up where they
/// were called.
///
/// Bodies are optimised as functions, as LLVM would otherwise compute what they
/// have in common before the dispatch, keep it in registers, and spill in their
/// loops. But calls are dear: the assembler has to fetch the address of global
/// memory's descriptor before every access, and reads the launch's arguments
/// through pointers.
void inlineBodies(llvm::Module &module);

} // namespace mlir::amk

#endif // AMK_LIB_TARGET_INLINEBODIES_H
