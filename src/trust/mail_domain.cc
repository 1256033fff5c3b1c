#include "trust/mail_domain.h"

#include <algorithm>

#include "base/text.h"
#include "codec/idna.h"

namespace chappe::trust {

Result<std::string> mail_domain(ByteView text) {
  if (text.find('_') == ByteView::npos) return codec::domain_to_ascii(text);
  // Judged with a letter in the place of each underscore; the U-labels of such a name are not mapped.
  std::string name = to_lower(text);
  std::string judged = name;
  std::replace(judged.begin(), judged.end(), '_', 'x');
  if (judged.size() > codec::kMaxDomain) return fail(Errc::too_large, "domain name over {} octets", codec::kMaxDomain);
  if (!codec::valid_domain(judged)) return fail(Errc::invalid, "not a domain name: {}", printable(text));
  return name;
}

}  // namespace chappe::trust
