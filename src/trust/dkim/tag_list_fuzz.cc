// Lists of tags: no crash, and what is read is what is written.
#include "../../../tests/fuzz/fuzzing.h"
#include "trust/dkim/tag_list.h"

using namespace chappe;
using namespace chappe::trust::dkim;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView text = fuzz::view(data, size);
  const auto list = TagList::parse(text);
  if (!list) {
    check(list.error().at <= text.size());
    check(!list.error().text().empty());
  } else {
    std::string again;
    std::size_t at = 0;
    for (const Tag& tag : list->tags()) {
      check(!tag.name.empty() && tag.begin > at && tag.end >= tag.begin && tag.end <= text.size());
      check(text.substr(tag.begin, tag.end - tag.begin).contains(tag.value));
      check(list->find(tag.name) == &tag);
      at = tag.end;
      again += std::string(tag.name) + '=' + std::string(tag.value) + ';';
      (void)base64_with_blanks(tag.value);
      (void)colon_list(tag.value, 10);
      (void)decimal(tag.value, 76);
      if (const auto plain = unquote(tag.value)) check(plain->size() <= tag.value.size());
    }
    const auto second = TagList::parse(again);
    check(second && second->tags().size() == list->tags().size());
    for (std::size_t i = 0; i < list->tags().size(); ++i) check(second->tags()[i].value == list->tags()[i].value);
  }
  return 0;
}
