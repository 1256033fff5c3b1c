#include <cstdint>
#include <cstdlib>

#include "app/config.h"

using namespace chappe;

// A configuration is either served or refused with words for people; never both, never with bytes that command a
// terminal. What a size or a duration reads as, it is also written as.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView text(reinterpret_cast<const char*>(data), size);
  const auto parsed = app::parse_config(text, "fuzz.toml");
  if (parsed.errors.empty() && (parsed.config.server.hostname.empty() || parsed.config.listen.empty())) std::abort();
  for (const auto& error : parsed.errors)
    for (const char c : error.describe())
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) std::abort();

  if (const auto bytes = app::parse_size(text))
    if (app::parse_size(app::format_size(*bytes))->bytes != bytes->bytes) std::abort();
  if (const auto duration = app::parse_duration(text))
    if (duration->count() > 0 && *app::parse_duration(app::format_duration(*duration)) != *duration) std::abort();
  (void)app::parse_host_port(text);
  return 0;
}
