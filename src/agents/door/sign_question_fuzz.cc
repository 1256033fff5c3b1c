// A question for signatures, and the words of an answer: what reads, writes and reads again as the same.
#include <cstdint>

#include "agents/door/sign_question.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chappe;
  using namespace chappe::agents;
  const ByteView bytes(reinterpret_cast<const char*>(data), size);
  const auto must = [](bool ok) {
    if (!ok) __builtin_trap();
  };
  if (const auto question = SignQuestion::read(bytes)) {
    const auto again = SignQuestion::read(question->written());
    must(again.has_value() && again->header == question->header && again->body_hash == question->body_hash);
  }
  if (const auto fields = read_signatures(bytes)) {
    const auto again = read_signatures(written_signatures(*fields));
    must(again.has_value() && *again == *fields);
  }
  return 0;
}
