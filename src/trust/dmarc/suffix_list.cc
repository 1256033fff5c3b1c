#include "trust/dmarc/suffix_list.h"

#include <libpsl.h>

namespace chappe::trust::dmarc {

void SuffixList::Free::operator()(psl_ctx_st* list) const { psl_free(list); }

Result<SuffixList> SuffixList::of_system() {
  if (auto of_file = from_file(psl_dist_filename())) return of_file;
  // The library keeps it; psl_free() lets it be.
  if (psl_builtin() != nullptr) return SuffixList(const_cast<psl_ctx_st*>(psl_builtin()), "libpsl");
  return fail(Errc::unavailable, "there is no Public Suffix List; Debian's package publicsuffix has it");
}

Result<SuffixList> SuffixList::from_file(const std::string& path) {
  psl_ctx_st* const list = psl_load_file(path.c_str());
  if (list == nullptr) return fail(Errc::invalid, "{}: no Public Suffix List", path);
  return SuffixList(list, path);
}

std::string SuffixList::organization(const std::string& domain) const {
  const char* const found = psl_registrable_domain(list_.get(), domain.c_str());
  return found == nullptr ? std::string() : found;
}

}  // namespace chappe::trust::dmarc
