// Result<T>: a value, or the Error that kept us from having it. And the three words that pass an Error on.
//
//   Result<Mailbox> open(...);
//   Mailbox m = TRY(open(...));          // in a function that returns Result: hands the Error up
//   Mailbox m = CO_TRY(co_await open()); // the same in a coroutine
//   return fail(Errc::not_found, "no such mailbox: {}", name);
#pragma once

#include <fmt/core.h>

#include <expected>
#include <utility>

#include "base/error.h"

namespace chappe {

template <class T = void>
using Result = std::expected<T, Error>;

// An Error with a formatted sentence, ready to be returned from any function that returns a Result.
template <class... Args>
[[nodiscard]] std::unexpected<Error> fail(Errc code, fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected<Error>(Error(code, fmt::format(format, std::forward<Args>(args)...)));
}

template <class T>
T unwrap(std::expected<T, Error>&& result) {
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace chappe

// Statement expressions are a GNU extension that clang supports inside coroutines; g++ 12 does not.
#define CHAPPE_TRY(keyword, ...)                                                   \
  ({                                                                               \
    auto chappe_result = (__VA_ARGS__);                                            \
    if (!chappe_result) keyword std::unexpected(std::move(chappe_result.error())); \
    ::chappe::unwrap(std::move(chappe_result));                                    \
  })
#define TRY(...) CHAPPE_TRY(return, __VA_ARGS__)
#define CO_TRY(...) CHAPPE_TRY(co_return, __VA_ARGS__)
