// Authentication-Results: no crash; what can be read can be written and reads back the same; and texts of a stranger in
// every place of a field that we write stay in their place.
#include "trust/authres/results.h"

#include "../../../tests/fuzz/fuzzing.h"
#include "base/text.h"
#include "message/letter.h"
#include "trust/mail_domain.h"

using namespace chappe;
using namespace chappe::trust::authres;
using fuzz::check;

namespace {

void check_written(const Results& results) {
  const Results clean = cleaned(results);
  check(cleaned(clean) == clean);
  const std::string field = write(results);
  const std::string bytes = field + "\r\n";
  const message::Letter letter(bytes);
  check(letter.fields().size() == 1 && letter.root().blank_line && letter.fields()[0].raw() == field);
  for (std::size_t at = field.find('\n'); at != std::string::npos; at = field.find('\n', at + 1))
    check(at + 1 == field.size() || field[at + 1] == ' ');
  const Reading back = parse(letter.fields()[0].value());
  check(back.strict());
  check(back.results == clean);
  if (trust::mail_domain(clean.authserv_id)) check(claims(letter.fields()[0], clean.authserv_id));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = fuzz::view(data, size);
  const Reading reading = parse(input);
  check(reading.at <= input.size());
  check(reading.results.results.size() <= Reading::kMaxResults);
  claims(input, "mx.example.org");
  if (reading.ok()) {
    check(reading.results.results.empty() || !reading.results.authserv_id.empty());
    check_written(reading.results);
  }

  // The input as the texts of one result, cut at its NULs.
  const auto texts = split(input, '\0');
  const auto text = [&](std::size_t i) { return std::string(texts[i % texts.size()]); };
  Results hostile;
  hostile.authserv_id = text(0);
  for (std::size_t i = 0; i < texts.size() && i < 300; ++i) {
    MethodResult r{.method = text(i),
                   .version = static_cast<unsigned>(i),
                   .result = text(i + 1),
                   .reason = {},
                   .properties = {{text(i + 2), text(i + 3), text(i)}, {"smtp", "mailfrom", text(i + 1)}}};
    if (i % 2 == 0) r.reason = text(i + 1);
    hostile.results.push_back(std::move(r));
  }
  check_written(hostile);

  // The same texts as fields that a host wrote one above the other: what is found is what they say together.
  std::string header;
  for (const ByteView one : texts) header += "Authentication-Results: " + std::string(one) + "\r\n";
  header += "\r\n";
  const message::Letter letter(header);
  if (const auto before = found_before(letter.fields())) {
    const Reading again = parse(before->text);
    check(again.ok() && again.results == before->results);
    std::vector<MethodResult> each;
    for (const message::Field& field : letter.fields()) {
      if (field.id() == message::FieldName::received) break;
      if (!claims(field, before->results.authserv_id)) continue;
      const Reading one = parse(field.value());
      if (!one.ok()) break;
      if (iequals(one.results.authserv_id, before->results.authserv_id))
        each.insert(each.end(), one.results.results.begin(), one.results.results.end());
    }
    check(before->results.results == each);
  }
  return 0;
}
