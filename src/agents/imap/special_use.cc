#include "agents/imap/special_use.h"

#include <utility>

#include "base/text.h"

namespace chappe::agents::imap {
namespace {

using post::SpecialUse;

constexpr std::pair<SpecialUse, ByteView> kUses[] = {{SpecialUse::archive, "\\Archive"},
                                                     {SpecialUse::drafts, "\\Drafts"},
                                                     {SpecialUse::junk, "\\Junk"},
                                                     {SpecialUse::sent, "\\Sent"},
                                                     {SpecialUse::trash, "\\Trash"}};

}  // namespace

std::optional<SpecialUse> special_use(ByteView name) {
  for (const auto& [use, known] : kUses)
    if (iequals(known, name)) return use;
  return std::nullopt;
}

ByteView special_use_name(SpecialUse use) {
  for (const auto& [known, name] : kUses)
    if (known == use) return name;
  return {};
}

}  // namespace chappe::agents::imap
