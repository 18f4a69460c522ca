/*===- Runtime.h - C interface of the AutoMegaKernel runtime -------*- C -*-===*
 *
 * Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
 * See LICENSE for license information.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *===----------------------------------------------------------------------===*
 *
 * Loads a bundle written by amk-compile and generates tokens with it.
 *
 *   char *error = NULL;
 *   amk_model *model = amk_model_open("bundle", "weights", 0, &error);
 *   if (!model) { fprintf(stderr, "%s\n", error); amk_free_error(error); }
 *   amk_generate(model, ids, count, 64, 0, on_token, NULL, &error);
 *   amk_model_close(model);
 *
 * Functions that can fail return NULL or a negative status and, if `error` is
 * not NULL, store a message there which the caller frees with amk_free_error.
 * On success *error is NULL. One call per model at a time, except
 * amk_abort, which may come from any thread. Models are independent.
 *
 *===----------------------------------------------------------------------===*/

#ifndef AMK_C_RUNTIME_H
#define AMK_C_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

/* Raised whenever a declaration here changes its meaning or goes away. */
#define AMK_C_API_VERSION 1

#if defined(_WIN32)
#define AMK_C_EXPORT
#else
#define AMK_C_EXPORT __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct amk_model amk_model;

/* A GPU that models can run on. */
typedef struct amk_gpu {
  uint32_t ordinal;         /* 1: "cuda:1" */
  uint32_t capability;      /* 90: sm_90 */
  uint32_t multiprocessors; /* the most workers of a model on it */
  char name[256];           /* "NVIDIA H200" */
} amk_gpu;

/* Why amk_generate ended; other failures are AMK_ERROR. */
enum {
  AMK_ERROR = -1,
  AMK_LENGTH = 0,     /* max_new tokens were generated */
  AMK_STOP_TOKEN = 1, /* a stop token of the model, delivered as the last */
  AMK_CALLBACK = 2    /* the callback asked for the end */
};

/* Receives one generated token; not zero ends the generation. */
typedef int (*amk_token_callback)(int32_t token, void *user);

/* Receives the logits of one position: `vocab` floats, valid in the call. */
typedef void (*amk_logits_callback)(uint64_t position, const float *logits,
                                    uint32_t vocab, void *user);

/* The AMK_C_API_VERSION that the library was built with. */
AMK_C_EXPORT uint32_t amk_c_api_version(void);

/* Finds GPU number `ordinal` of the CUDA driver, or with -1 the first one that
 * models can run on. Returns 0 or AMK_ERROR; the message then says what is
 * missing: driver, device, or something that the device cannot do. Needs no
 * CUDA installation. */
AMK_C_EXPORT int amk_find_gpu(int32_t ordinal, amk_gpu *gpu, char **error);

/* Loads, checks and repacks. `weights_dir` is the HuggingFace directory; NULL
 * uses dummy weights made from `dummy_seed`. */
AMK_C_EXPORT amk_model *amk_model_open(const char *bundle,
                                       const char *weights_dir,
                                       uint64_t dummy_seed, char **error);

/* The same on `device`: "cpu" or "cuda:N", as the bundle was compiled for.
 * NULL: the CPU for a bundle for CPUs, "cuda:0" for one for GPUs, as
 * amk_model_open. */
AMK_C_EXPORT amk_model *amk_model_open_on(const char *bundle,
                                          const char *weights_dir,
                                          uint64_t dummy_seed,
                                          const char *device, char **error);

/* Frees the model. NULL is allowed. */
AMK_C_EXPORT void amk_model_close(amk_model *model);

/* Starts at position 0 with `count` >= 1 ids and generates up to `max_new`
 * tokens greedily. `steps_per_launch` 0 chooses. `callback` may be NULL. Tokens
 * arrive while the model runs when steps_per_launch is above 1, otherwise after
 * each step, on the calling thread in both cases. */
AMK_C_EXPORT int amk_generate(amk_model *model, const int32_t *ids,
                              size_t count, uint32_t max_new,
                              uint32_t steps_per_launch,
                              amk_token_callback callback, void *user,
                              char **error);

/* Processes `count` >= 1 ids as one text and delivers the logits of every
 * position in order. Returns 0 or AMK_ERROR. */
AMK_C_EXPORT int amk_score(amk_model *model, const int32_t *ids, size_t count,
                           amk_logits_callback callback, void *user,
                           char **error);

/* Makes the running call of the model fail soon. Else it does nothing. */
AMK_C_EXPORT void amk_abort(amk_model *model);

/* Facts about a model, which must not be NULL. */
AMK_C_EXPORT uint32_t amk_vocab_size(const amk_model *model);
AMK_C_EXPORT uint32_t amk_max_context(const amk_model *model);
AMK_C_EXPORT uint32_t amk_workers(const amk_model *model);
/* Instruction-set level of the loaded code. Lives as long as the model. */
AMK_C_EXPORT const char *amk_arch(const amk_model *model);
/* Copies "cpu AMD EPYC" or "cuda:0 NVIDIA H200" and a final zero to `text`, as
 * much of it as fits in `capacity` bytes. Returns the whole length without the
 * zero. */
AMK_C_EXPORT size_t amk_device(const amk_model *model, char *text,
                               size_t capacity);
/* Number of stop tokens; writes the first `capacity` of them to `ids`, which
 * may be NULL when capacity is 0. */
AMK_C_EXPORT size_t amk_eos_token_ids(const amk_model *model, int32_t *ids,
                                      size_t capacity);

/* Frees a message. NULL is allowed. */
AMK_C_EXPORT void amk_free_error(char *error);

#ifdef __cplusplus
}
#endif

#endif /* AMK_C_RUNTIME_H */
