# Flags for every target, and `chappe_floor()`, which turns one folder below src/ into a library, its unit tests, its
# fuzzers and its benchmarks. Nothing is listed by hand: a file's name says what it is (x.cc, x_test.cc, x_fuzz.cc,
# x_bench.cc).

set(CHAPPE_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them")
option(CHAPPE_FUZZ "Build *_fuzz.cc with libFuzzer (else they replay their seeds as a test)" OFF)
option(CHAPPE_COVERAGE "Instrument for llvm-cov" OFF)

find_program(CCACHE ccache)
if(CCACHE)
  # What one checkout has compiled, another one finds.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=true
                                  ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()

add_compile_options(-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough -Werror
                    -fno-omit-frame-pointer -fstack-protector-strong)
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  # Line tables are what a sanitizer report needs; full type information doubles build time and disk.
  set(CMAKE_CXX_FLAGS_DEBUG "-O1 -gline-tables-only")
else()
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -gline-tables-only")
  add_compile_definitions(_FORTIFY_SOURCE=2 _GLIBCXX_ASSERTIONS)
endif()
if(CHAPPE_SANITIZE)
  add_compile_options(-fsanitize=${CHAPPE_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${CHAPPE_SANITIZE})
endif()
if(CHAPPE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(CHAPPE_COVERAGE)
  add_compile_options(-fprofile-instr-generate -fcoverage-mapping)
  add_link_options(-fprofile-instr-generate -fcoverage-mapping)
endif()
add_link_options(-fuse-ld=lld-19 -Wl,-z,relro,-z,now)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)

# chappe_floor(FOLDER [DEPS lib...] [SYSTEM lib...])
#   FOLDER below src/, for instance `proto/smtp`; makes chappe_proto_smtp, chappe_proto_smtp_test, one
#   chappe_fuzz_<name> per fuzzer, chappe_proto_smtp_bench. DEPS are other floors' folders, SYSTEM are libraries.
function(chappe_floor folder)
  cmake_parse_arguments(ARG "" "" "DEPS;SYSTEM" ${ARGN})
  string(REPLACE "/" "_" id ${folder})
  set(root ${CMAKE_SOURCE_DIR}/src/${folder})
  file(GLOB_RECURSE all CONFIGURE_DEPENDS ${root}/*.cc)
  set(tests ${all})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  set(fuzzers ${all})
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
  set(benches ${all})
  list(FILTER benches INCLUDE REGEX "_bench\\.cc$")
  set(sources ${all})
  list(FILTER sources EXCLUDE REGEX "(_test|_fuzz|_bench|/main)\\.cc$")

  set(deps "")
  foreach(dep ${ARG_DEPS})
    string(REPLACE "/" "_" dep_id ${dep})
    list(APPEND deps chappe_${dep_id})
  endforeach()

  set(lib chappe_${id})
  if(sources)
    add_library(${lib} STATIC ${sources})
    target_include_directories(${lib} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(${lib} PUBLIC ${deps} ${ARG_SYSTEM})
  else()
    add_library(${lib} INTERFACE)
    target_include_directories(${lib} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(${lib} INTERFACE ${deps} ${ARG_SYSTEM})
  endif()

  if(tests)
    add_executable(${lib}_test ${tests})
    target_link_libraries(${lib}_test PRIVATE ${lib} GTest::gtest GTest::gmock GTest::gtest_main)
    add_test(NAME unit/${folder} COMMAND ${lib}_test WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  endif()

  foreach(fuzzer ${fuzzers})
    get_filename_component(name ${fuzzer} NAME_WE)
    string(REGEX REPLACE "_fuzz$" "" name ${name})
    set(target chappe_fuzz_${id}_${name})
    if(CHAPPE_FUZZ)
      add_executable(${target} ${fuzzer})
      target_link_options(${target} PRIVATE -fsanitize=fuzzer)
      target_link_libraries(${target} PRIVATE ${lib})
    else()
      add_executable(${target} ${fuzzer} ${CMAKE_SOURCE_DIR}/tests/fuzz/replay_main.cc)
      target_link_libraries(${target} PRIVATE ${lib})
      add_test(NAME fuzz-seeds/${folder}/${name} COMMAND ${target} ${CMAKE_SOURCE_DIR}/tests/fuzz/seeds/${id}_${name}
               WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    endif()
  endforeach()

  if(benches AND NOT CHAPPE_SANITIZE)
    add_executable(${lib}_bench ${benches})
    target_link_libraries(${lib}_bench PRIVATE ${lib} benchmark::benchmark benchmark::benchmark_main
                          PkgConfig::JEMALLOC)  # which the program has
  endif()
endfunction()
