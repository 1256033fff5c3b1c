// The tables of OpenDKIM, cut at an octet FF: whatever they hold, every line is a row, a flaw or empty, and what comes
// out can be asked for: a file or a key that stands in the table, never both.
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "codec/idna.h"
#include "post/keys/opendkim.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = std::min(all.find('\xff'), all.size());
  const auto keys = chappe::post::parse_key_table(all.substr(0, cut));
  const auto signing = chappe::post::parse_signing_table(all.substr(std::min(cut + 1, all.size())));
  std::vector<chappe::post::OpendkimFlaw> flaws;
  for (const auto& row : chappe::post::opendkim_imports(keys, &signing, flaws))
    if (!chappe::codec::valid_domain(row.domain) || row.selector.empty() || row.file.empty() == !row.der) std::abort();
  for (const std::vector<chappe::post::OpendkimFlaw>* some : {&keys.flaws, &signing.flaws, &std::as_const(flaws)})
    for (const auto& flaw : *some)
      if (flaw.line == 0 || flaw.what.empty()) std::abort();
  return 0;
}
