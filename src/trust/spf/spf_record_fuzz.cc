// SPF records from anyone: no crash; terms and faults lie in the text, in order and apart, and cover every word of it.
#include "../../../tests/fuzz/fuzzing.h"
#include "trust/spf/lint.h"
#include "trust/spf/record.h"

using namespace chappe;
using namespace chappe::trust::spf;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = "v=spf1 " + std::string(fuzz::view(data, size));
  check(is_record(text));
  const Record record = parse_record(text);
  check(record.text == text);
  std::size_t words = 0;
  for (std::size_t i = 6; i < text.size(); ++i)
    if (text[i] != ' ' && text[i - 1] == ' ') ++words;
  check(record.terms.size() + record.faults.size() == words);
  std::size_t at = 0;
  for (const Term& term : record.terms) {
    check(term.at >= at && term.size > 0);
    at = term.at + term.size;
    check(at <= text.size() && record.text_of(term).find(' ') == std::string_view::npos);
    check(term.prefix4 <= 32 && term.prefix6 <= 128);
    check(term.mechanism() || term.domain.has_value());
    // A term alone is the term again.
    const Record alone = parse_record("v=spf1 " + std::string(record.text_of(term)));
    check(alone.faults.empty() && alone.terms.size() == 1 && alone.terms[0].kind == term.kind);
  }
  at = 0;
  for (const SyntaxFault& fault : record.faults) {
    check(fault.at >= at && fault.at + fault.size <= text.size());
    at = fault.at + fault.size;
  }
  for (const LintFinding& finding : lint_record(record)) {
    check(finding.at + finding.size <= text.size());
    check(finding.detail.find_first_of(std::string_view("\r\n\0\x1b\x7f", 5)) == std::string::npos);
  }
  return 0;
}
