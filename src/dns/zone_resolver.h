// Answers from a zone text: for tests, demonstrations and simulations. The text may hold names of any number of zones;
// what is not in it does not exist. Wildcards, CNAME, DNAME and empty non-terminals are as RFC 4592 and RFC 6672 have
// them; delegations mean nothing here.
//
// Beside records the text holds directives, which make the trouble that the DNS knows (docs/formats/zone-text.md):
//
//   $TIMEOUT  NAME [TYPE...]       no answer before the deadline
//   $SERVFAIL NAME [TYPE...]
//   $BOGUS    NAME [TYPE...]
//   $DELAY    200ms NAME [TYPE...] the answer comes that much later
//   $SECURE   NAME                 what is at NAME and below is signed, and the signatures hold
//   $INSECURE NAME                 but not from here on down
//
// Without TYPE a fault is one of all types; a NAME "*.x" means every name below x. Read-only; any number of executors.
#pragma once

#include <memory>
#include <string_view>

#include "dns/resolver.h"
#include "dns/tree.h"
#include "dns/zone_file.h"

namespace chappe::dns {

class ZoneResolver final : public Resolver {
 public:
  // Of records for which the text gives none.
  static constexpr std::uint32_t kStandardTtl = 300;
  // How many aliases are followed.
  static constexpr std::size_t kMaxChain = 12;

  // Errc::invalid: "FILE:LINE: what is wrong, what to do".
  static Result<std::unique_ptr<ZoneResolver>> from_text(std::string_view text, std::string_view file = "zone text");
  // Blocks on the disk.
  static Result<std::unique_ptr<ZoneResolver>> from_file(const std::string& path);

  net::Task<Answer> ask(Question question, net::Deadline deadline) override;

 private:
  struct Fault {
    enum class Kind : std::uint8_t { timeout, servfail, bogus, delay };
    Kind kind;
    Name name;
    bool below;               // every name below `name`, not itself
    std::vector<Type> types;  // empty: all
    Duration delay{};

    bool concerns(const Name& asked, Type asked_type) const;
  };

  static Result<std::unique_ptr<ZoneResolver>> from(ZoneText text);
  Result<void> add(const Directive& directive);
  // Null if there is none of another kind than delay.
  const Fault* fault_at(const Name& name, Type type) const;
  Duration delay_at(const Name& name, Type type) const;
  bool secure(const Name& name) const;
  Answer look_up(const Question& question) const;
  // What is next in the chain of aliases; nothing if `found` is its end.
  std::optional<Record> alias(const Name& name, Type type, const Tree::Found& found) const;
  void end_without(Answer& answer, Outcome outcome) const;

  Tree tree_;
  std::vector<Fault> faults_;
  std::vector<std::pair<Name, bool>> signed_;  // $SECURE and $INSECURE
};

}  // namespace chappe::dns
