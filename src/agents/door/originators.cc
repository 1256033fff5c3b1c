#include "agents/door/originators.h"

#include <fmt/format.h>

#include "base/text.h"
#include "message/address.h"
#include "trust/author.h"

namespace chappe::agents {

using message::FieldName;
using post::SendRight;
using proto::smtp::Reply;

namespace {

constexpr std::size_t kShown = 100;  // octets of an address or name in a reply

Reply not_clear(const trust::Author& author) {
  return Reply(
      550, "5.7.1",
      fmt::format("This letter does not say clearly who it is from ({})", author_reason_row(author.reason).id));
}

Reply not_yours(std::string_view field, const std::string& address, const post::LoggedIn& who, SendRight right) {
  const std::string shown = printable(address, kShown);
  const std::string account = printable(who.address, kShown);
  if (right == SendRight::on_behalf)
    return Reply(550, "5.7.1",
                 fmt::format("You are logged in as {0} and may write on behalf of {1} in From only, not in {2}",
                             account, shown, field));
  return Reply(550, "5.7.1",
               fmt::format("You are logged in as {0}, and {2} names {1}: choose an address of yours as sender, or ask "
                           "your postmaster for the right to use this one (chappe grant add {0} {1})",
                           account, shown, field));
}

struct Named {
  std::string_view field;
  std::string address;
  SendRight needed;
};

// Every address of the fields that name originators, in the order of the letter.
std::vector<Named> named_in(const message::Letter& header) {
  std::vector<Named> out;
  for (const message::Field& field : header.fields()) {
    const FieldName name = field.id();
    if (name != FieldName::from && name != FieldName::sender && name != FieldName::resent_from &&
        name != FieldName::resent_sender)
      continue;
    for (const message::Address& entry : message::parse_addresses(field.value()).entries) {
      if (!entry.is_mailbox()) continue;
      out.push_back({name == FieldName::from          ? "From"
                     : name == FieldName::sender      ? "Sender"
                     : name == FieldName::resent_from ? "Resent-From"
                                                      : "Resent-Sender",
                     entry.spec(), name == FieldName::from ? SendRight::on_behalf : SendRight::as});
      if (out.size() > kMaxOriginators) return out;
    }
  }
  return out;
}

}  // namespace

net::Task<Result<Originators>> check_originators(post::SenderSource* senders, post::LoggedIn who,
                                                 const message::Letter* header, net::Deadline deadline) {
  Originators out;
  const trust::Author author = trust::decide_author(*header);
  const bool missing = author.reason == trust::AuthorReason::from_missing;
  if (!missing && author.class_() != trust::AuthorClass::one && author.class_() != trust::AuthorClass::several) {
    out.refusal = not_clear(author);
    co_return out;
  }
  const std::vector<Named> named = named_in(*header);
  if (named.size() > kMaxOriginators) {
    out.refusal = Reply(550, "5.7.1", fmt::format("This letter names over {} originators", kMaxOriginators));
    co_return out;
  }
  out.wants_sender = author.mailboxes > 1;  // RFC 5322 §3.6.2
  for (const Named& one : named) {
    const SendRight right = CO_TRY(co_await senders->may_send(who, one.address, deadline));
    if (right < one.needed) {
      out.refusal = not_yours(one.field, one.address, who, right);
      co_return out;
    }
    if (right == SendRight::on_behalf) out.wants_sender = true;
  }
  co_return out;
}

}  // namespace chappe::agents
