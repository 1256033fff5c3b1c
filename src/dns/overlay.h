// Planned records in front of another resolver: what the answers would be if a zone were changed so. For previews of
// changes, simulations and tests.
//
// A plan is made first, then read by any number of executors. Planned records are as secure as the answer that stands
// in their place today.
#pragma once

#include <map>

#include "dns/resolver.h"

namespace chappe::dns {

class OverlayResolver final : public Resolver {
 public:
  // `below` must outlive it.
  explicit OverlayResolver(Resolver& below) : below_(below) {}

  // A record beside those that are there.
  void add(Record record);
  // A set instead of the one that is there, or where there is none.
  void replace(RRset set);
  // No records of that type.
  void remove(const Name& name, Type type);

  net::Task<Answer> ask(Question question, net::Deadline deadline) override;

 private:
  struct Edit {
    bool replaces = false;
    RRset set;  // empty, and replaces: removed
  };

  const Edit* edit_of(const Name& name, Type type) const;
  // Whether a plan gives records to the name, or to one below it.
  bool planned(const Name& name) const;
  // Puts the edit of `at` into what is there today.
  void apply(const Edit* edit, Answer& answer) const;

  Resolver& below_;
  std::map<Question, Edit> edits_;
};

}  // namespace chappe::dns
