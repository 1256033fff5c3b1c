// The author of any letter: no crash, what is decided is consistent, and the same for a letter that comes in pieces.
#include "trust/author.h"

#include "../../tests/fuzz/fuzzing.h"
#include "message/letter_stream.h"
#include "trust/mail_domain.h"

using namespace chappe;
using namespace chappe::trust;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView input = fuzz::view(data, size);
  const unsigned how = fuzz::choose(input);
  const Author author = decide_author(message::Letter(input));
  const bool judged = author.class_() == AuthorClass::one || author.class_() == AuthorClass::several;
  check(author.domains.empty() != judged);
  check(author.class_() != AuthorClass::one || author.domains.size() == 1);
  check(author.domains.size() <= kMaxAuthorDomains);
  check(!judged || (author.fields == 1 && author.mailboxes >= author.domains.size()));
  check(author.other.empty() || author.reason == AuthorReason::read_differently);
  for (const std::string& domain : author.domains) check(mail_domain(domain).value() == domain);

  message::LetterStream stream;
  for (fuzz::Pieces pieces(input, how); !pieces.done();) stream.feed(pieces.next());
  const message::Letter outline = stream.finish();
  const Author again = decide_author(outline);
  check(again.reason == author.reason && again.domains == author.domains && again.other == author.other);
  return 0;
}
