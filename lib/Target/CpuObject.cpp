//===- CpuObject.cpp - Machine code for x86-64 ----------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Target/CpuObject.h"
#include "CpuLevel.h"
#include "SharedLibrary.h"
#include "WideAccesses.h"
#include "amk/Support/Abi.h"
#include "amk/Support/Hash.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"
#include "llvm/Transforms/Instrumentation/AddressSanitizer.h"
#include "llvm/Transforms/Instrumentation/ThreadSanitizer.h"

using namespace mlir;
using namespace mlir::amk;

static constexpr const char *kTriple = "x86_64-unknown-linux-gnu";

static std::unique_ptr<llvm::TargetMachine>
createTargetMachine(const CpuLevel &level, std::string &message) {
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmPrinter();
  llvm::Triple triple(kTriple);
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return nullptr;
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, level.name, /*Features=*/"", llvm::TargetOptions(),
      llvm::Reloc::PIC_, /*CM=*/std::nullopt,
      llvm::CodeGenOptLevel::Aggressive));
}

/// Everything but the two symbols that the runtime looks up becomes local, and
/// those two become visible.
static void setVisibility(llvm::Module &module) {
  for (llvm::GlobalValue &value : module.global_values()) {
    if (value.isDeclaration() || value.getName().starts_with("llvm."))
      continue;
    bool exported = value.getName() == ::amk::abi::kWorkerEntryName ||
                    value.getName() == ::amk::abi::kAbiSymbolName;
    value.setLinkage(exported ? llvm::GlobalValue::ExternalLinkage
                              : llvm::GlobalValue::InternalLinkage);
    value.setVisibility(llvm::GlobalValue::DefaultVisibility);
    value.setDSOLocal(true);
  }
}

/// What the runtime looks up must be there.
static LogicalResult checkEntryPoints(ModuleOp module, llvm::Module &code) {
  for (const char *name :
       {::amk::abi::kWorkerEntryName, ::amk::abi::kAbiSymbolName}) {
    llvm::GlobalValue *value = code.getNamedValue(name);
    if (!value || value->isDeclaration())
      return module.emitError("does not define ")
             << name << "; expected the result of convert-amk-kernel-to-llvm";
  }
  return success();
}

static void setFunctionAttributes(llvm::Module &module, const CpuLevel &level,
                                  Sanitizer sanitizer) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", level.name);
    function.addFnAttr(llvm::Attribute::NoUnwind);
    if (level.name == "x86-64-v4")
      function.addFnAttr("prefer-vector-width", "512");
    if (sanitizer == Sanitizer::Thread)
      function.addFnAttr(llvm::Attribute::SanitizeThread);
    if (sanitizer == Sanitizer::Address)
      function.addFnAttr(llvm::Attribute::SanitizeAddress);
    if (sanitizer != Sanitizer::None) // for the stacks of reports
      function.addFnAttr("frame-pointer", "all");
  }
}

static void addSanitizerPasses(llvm::ModulePassManager &passes,
                               Sanitizer sanitizer) {
  if (sanitizer == Sanitizer::Thread) {
    passes.addPass(WideAccessesPass());
    passes.addPass(llvm::ModuleThreadSanitizerPass());
    passes.addPass(
        llvm::createModuleToFunctionPassAdaptor(llvm::ThreadSanitizerPass()));
  } else if (sanitizer == Sanitizer::Address) {
    passes.addPass(llvm::AddressSanitizerPass(llvm::AddressSanitizerOptions()));
  }
}

static void optimise(llvm::Module &module, llvm::TargetMachine &machine,
                     Sanitizer sanitizer) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager sccs;
  llvm::ModuleAnalysisManager modules;
  // ThreadSanitizer does not see the masked accesses that the vectorisers make.
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = sanitizer != Sanitizer::Thread;
  tuning.SLPVectorization = sanitizer != Sanitizer::Thread;
  llvm::PassBuilder builder(&machine, tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(sccs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, sccs, modules);
  // Last, as clang does: the accesses that remain are the ones to check.
  builder.registerOptimizerLastEPCallback(
      [sanitizer](llvm::ModulePassManager &passes, llvm::OptimizationLevel,
                  llvm::ThinOrFullLTOPhase) {
        addSanitizerPasses(passes, sanitizer);
      });
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3)
      .run(module, modules);
}

static FailureOr<std::string> emitObject(llvm::Module &module,
                                         llvm::TargetMachine &machine) {
  llvm::SmallString<0> object;
  llvm::raw_svector_ostream stream(object);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr,
                                  llvm::CodeGenFileType::ObjectFile))
    return failure();
  passes.run(module);
  return std::string(object);
}

static StringRef sanitizerName(Sanitizer sanitizer) {
  switch (sanitizer) {
  case Sanitizer::None:
    return "none";
  case Sanitizer::Thread:
    return "thread";
  case Sanitizer::Address:
    return "address";
  }
  llvm_unreachable("every sanitizer is handled");
}

/// The manifest's entry. A level includes the ones below it.
static ::amk::runtime::CodeInfo codeInfo(const CpuLevel &level,
                                         Sanitizer sanitizer) {
  ::amk::runtime::CodeInfo info;
  info.arch = level.name;
  info.file = ("cpu-" + level.name + ".so").str();
  info.sanitizer = sanitizerName(sanitizer);
  for (const CpuLevel &included : cpuLevels()) {
    for (StringRef feature : included.features)
      info.features.push_back(feature.str());
    if (included.name == level.name)
      break;
  }
  return info;
}

static std::unique_ptr<llvm::Module> translate(ModuleOp module,
                                               llvm::LLVMContext &context) {
  DialectRegistry registry;
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  module.getContext()->appendDialectRegistry(registry);
  return translateModuleToLLVMIR(module, context, "amk");
}

/// Optimises and links what `llvmModule` holds.
static FailureOr<std::string>
buildLibrary(llvm::Module &llvmModule, llvm::TargetMachine &machine,
             Sanitizer sanitizer, function_ref<void(const Twine &)> report) {
  optimise(llvmModule, machine, sanitizer);
  FailureOr<std::string> object = emitObject(llvmModule, machine);
  if (failed(object)) {
    report("LLVM cannot write objects for " + Twine(kTriple));
    return failure();
  }
  if (failed(checkUndefinedSymbols(*object, report)))
    return failure();
  return linkSharedLibrary(*object, report);
}

/// The file of the cache for this module: by its text, which names level and
/// sanitizer in the functions' attributes. The compiler is taken to be the
/// same.
static std::string cachePath(const llvm::Module &llvmModule,
                             const std::string &directory) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvmModule.print(stream, /*AAW=*/nullptr);
  return directory + "/" + ::amk::hex64(::amk::fnv1a(text)) + ".so";
}

/// buildLibrary(), or what it once gave for an equal module.
static FailureOr<std::string>
cachedLibrary(llvm::Module &llvmModule, llvm::TargetMachine &machine,
              const CpuObjectOptions &options,
              function_ref<void(const Twine &)> report) {
  std::string path = cachePath(llvmModule, options.cacheDirectory);
  if (auto file = llvm::MemoryBuffer::getFile(path))
    return (*file)->getBuffer().str();
  FailureOr<std::string> library =
      buildLibrary(llvmModule, machine, options.sanitizer, report);
  if (failed(library))
    return failure();
  // Whole or not at all: others may look for it at the same time.
  if (llvm::Error error =
          llvm::writeToOutput(path, [&](llvm::raw_ostream &stream) {
            stream << *library;
            return llvm::Error::success();
          })) {
    report("object cache: " + llvm::toString(std::move(error)));
    return failure();
  }
  return library;
}

FailureOr<::amk::CodeFile>
mlir::amk::compileCpuObject(ModuleOp module, const CpuObjectOptions &options) {
  auto report = [&](const Twine &message) { module.emitError(message); };
  const CpuLevel *level = findCpuLevel(options.level);
  if (!level) {
    report("cpu: found '" + Twine(options.level) +
           "', which this machine or AMK does not know, expected one of " +
           cpuLevelNames());
    return failure();
  }
  std::string message;
  auto machine = createTargetMachine(*level, message);
  if (!machine) {
    report("LLVM has no target " + Twine(kTriple) + ": " + message);
    return failure();
  }
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> llvmModule = translate(module, context);
  if (!llvmModule)
    return module.emitError("cannot be translated to LLVM IR"), failure();
  if (failed(checkEntryPoints(module, *llvmModule)))
    return failure();
  llvmModule->setTargetTriple(machine->getTargetTriple());
  llvmModule->setDataLayout(machine->createDataLayout());
  setVisibility(*llvmModule);
  setFunctionAttributes(*llvmModule, *level, options.sanitizer);
  FailureOr<std::string> library =
      options.cacheDirectory.empty()
          ? buildLibrary(*llvmModule, *machine, options.sanitizer, report)
          : cachedLibrary(*llvmModule, *machine, options, report);
  if (failed(library))
    return failure();
  return ::amk::CodeFile{codeInfo(*level, options.sanitizer),
                         std::move(*library)};
}
