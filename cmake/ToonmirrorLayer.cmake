# How a layer of the program is built: one folder of src/, one static library, warnings as errors.

# toonmirror_options(TARGET): language level, warnings and sanitizers of our own code.
function(toonmirror_options target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Werror -Wshadow=local -Wnon-virtual-dtor)
  # False alarms of GCC 12 in inlined std::string code at -O3 (GCC bugs 105329 and 105651).
  target_compile_options(${target} PRIVATE -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds)
  if(TOONMIRROR_SANITIZE)
    target_compile_options(${target} PUBLIC -fsanitize=${TOONMIRROR_SANITIZE} -fno-omit-frame-pointer -g)
    target_compile_definitions(${target} PUBLIC TOONMIRROR_SANITIZED=1)
    # A false alarm of GCC 12 in LibTorch's optional generators.
    target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized)
    target_link_options(${target} PUBLIC -fsanitize=${TOONMIRROR_SANITIZE})
  endif()
endfunction()

# toonmirror_layer(NAME SOURCES...): the library toonmirror_NAME from the sources of src/NAME.
function(toonmirror_layer name)
  add_library(toonmirror_${name} STATIC ${ARGN})
  target_include_directories(toonmirror_${name} PUBLIC "${PROJECT_SOURCE_DIR}/src")
  toonmirror_options(toonmirror_${name})
endfunction()

# toonmirror_torch_headers(TARGET): LibTorch's headers, as system headers, precompiled once and shared by all targets.
function(toonmirror_torch_headers target)
  target_link_libraries(${target} PUBLIC toonmirror_torch)
  if(CMAKE_DISABLE_PRECOMPILE_HEADERS)
    # Clang in C++20 cannot read LibTorch 1.13's <ATen/ATen.h> unless IValue is complete before it.
    target_compile_options(${target} PRIVATE -include ATen/core/ivalue.h)
  endif()
  if(NOT TARGET toonmirror_torch_pch)
    # Written once: configuring anew must not compile everything anew.
    file(GENERATE OUTPUT "${PROJECT_BINARY_DIR}/torch_pch.cpp" CONTENT "// Holds the precompiled LibTorch headers.\n")
    add_library(toonmirror_torch_pch STATIC "${PROJECT_BINARY_DIR}/torch_pch.cpp")
    toonmirror_options(toonmirror_torch_pch)
    target_link_libraries(toonmirror_torch_pch PUBLIC toonmirror_torch)
    target_precompile_headers(toonmirror_torch_pch PRIVATE <torch/torch.h>)
  endif()
  target_precompile_headers(${target} REUSE_FROM toonmirror_torch_pch)
endfunction()

# toonmirror_test(LAYER FILES... LIBS...): one test program per layer, tests/LAYER/*_test.cpp.
function(toonmirror_test layer)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${layer}_test ${arg_SOURCES})
  toonmirror_options(${layer}_test)
  target_include_directories(${layer}_test PRIVATE "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(${layer}_test PRIVATE ${arg_LIBS} GTest::gtest GTest::gmock GTest::gtest_main)
  target_compile_definitions(${layer}_test PRIVATE
    TOONMIRROR_SOURCE_DIR="${PROJECT_SOURCE_DIR}" TOONMIRROR_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data")
  # One process a layer: loading LibTorch for every single test would take longer than the tests.
  add_test(NAME ${layer} COMMAND ${layer}_test)
  set_tests_properties(${layer} PROPERTIES TIMEOUT 600)
endfunction()
