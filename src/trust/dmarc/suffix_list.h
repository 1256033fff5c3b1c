// The Public Suffix List, by which RFC 7489 §3.2 found the organization that a domain belongs to. RFC 9989 walks the
// tree instead (discover.h), and so does every judgement here; but receivers of the old kind are still many, and where
// the two differ the owner of a record should know. libpsl reads the list: the system's (Debian's package
// publicsuffix), or the one that it was built with. A value that is read and not changed: any thread. Loading reads a
// file, and blocks.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

struct psl_ctx_st;

namespace chappe::trust::dmarc {

class SuffixList {
 public:
  // Errc::unavailable: there is none.
  static Result<SuffixList> of_system();
  // Errc::invalid: it is not there, or no list.
  static Result<SuffixList> from_file(const std::string& path);

  // `domain` in A-labels. Empty: it is a public suffix itself, below which strangers register names.
  std::string organization(const std::string& domain) const;
  // The file; "libpsl": the one that the library was built with.
  const std::string& source() const { return source_; }

 private:
  struct Free {
    void operator()(psl_ctx_st* list) const;
  };
  SuffixList(psl_ctx_st* list, std::string source) : list_(list), source_(std::move(source)) {}

  std::unique_ptr<psl_ctx_st, Free> list_;
  std::string source_;
};

}  // namespace chappe::trust::dmarc
