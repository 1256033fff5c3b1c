// An operator's text, as it may come out of any editor: what reads, writes and reads again as the same; what applies,
// applies again without a change, and exports as what applies without a change.
#include <cstdint>

#include "post/directory/directory.h"
#include "store/memory.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chappe;
  using namespace chappe::post;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto must = [](bool ok) {
    if (!ok) __builtin_trap();
  };
  const auto read = read_directory_text(text);
  if (!read) return 0;
  const auto written = write_directory_text(*read);
  const auto again = read_directory_text(written);
  must(again.has_value() && write_directory_text(*again) == written);

  const auto store = store::make_memory();
  store::Commit commit(*store, {.mode = store::Commit::Mode::in_line});
  net::InlineOffload offload;
  SeededRandom random(1);
  const auto soon = [] { return net::Deadline{.when = system_clock().steady() + std::chrono::seconds(60)}; };
  const auto directory = net::run(Directory::open(
      {.store = store.get(), .commit = &commit, .offload = &offload, .clock = &system_clock(), .random = &random},
      {.argon2 = {.memory_kib = 8, .passes = 1, .lanes = 1}}, soon()));
  must(directory.has_value());
  const auto apply = [&](std::string what) {
    return net::run((*directory)->apply_text("fuzz", std::move(what), false, soon()));
  };
  if (!apply(text)) return 0;
  const auto second = apply(text);
  must(second.has_value() && second->empty());
  const auto exported = net::run((*directory)->export_text({.hashes = true}, soon()));
  must(exported.has_value());
  const auto third = apply(*exported);
  must(third.has_value() && third->empty());
  return 0;
}
