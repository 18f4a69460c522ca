/*===- CApiHeaderTest.c - The C header from C -----------------------------===*
 *
 * Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
 * See LICENSE for license information.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *===----------------------------------------------------------------------===*/

#include "amk-c/Runtime.h"

static int keepFirst(int32_t token, void *user) {
  int32_t *first = (int32_t *)user;
  if (*first < 0)
    *first = token;
  return 0;
}

int amkTestFromC(amk_model *model, int32_t *first) {
  const int32_t prompt[1] = {5};
  return amk_generate(model, prompt, 1, 1, 0, keepFirst, first, NULL);
}
