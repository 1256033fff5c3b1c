// Any file is read as some letters, the same ones however it is cut; and a letter that is written comes back.
#include <cstdlib>

#include "post/care/mbox.h"

using namespace chappe;        // NOLINT
using namespace chappe::post;  // NOLINT

namespace {

void must(bool ok) {
  if (!ok) std::abort();
}

std::vector<Bytes> read(ByteView file, std::size_t size) {
  MboxReader reader;
  std::vector<Bytes> out;
  bool open = false;
  const auto drain = [&] {
    while (auto event = reader.next()) {
      must(open == (event->kind != MboxReader::Event::Kind::begin));
      if (event->kind == MboxReader::Event::Kind::begin) out.emplace_back();
      if (event->kind == MboxReader::Event::Kind::octets) out.back() += event->octets;
      open = event->kind != MboxReader::Event::Kind::end;
    }
  };
  for (; !file.empty(); file.remove_prefix(std::min(size, file.size()))) {
    reader.feed(file.substr(0, size));
    drain();
  }
  reader.finish();
  drain();
  must(!open);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView in(reinterpret_cast<const char*>(data), size);
  const auto whole = read(in, in.size() + 1);
  must(read(in, 1) == whole);
  must(read(in, 7) == whole);
  LineEndsLook look;
  look.feed(in);
  MboxFieldLook fields;
  fields.feed(in);
  MboxWriter writer;
  Bytes file = MboxWriter::begin({}, {});
  writer.set_plain(look.plain());
  file += writer.feed(in);
  file += writer.finish();
  const auto back = read(file, file.size());
  must(back.size() == 1);
  const bool many_quotes = in.find(Bytes(kMostQuotes, '>')) != in.npos;
  if (look.exact() && look.closed() && !fields.found() && !many_quotes) must(back[0] == in);
  return 0;
}
