#include "app/office_letters.h"

#include "app/admin_call.h"
#include "codec/base64.h"

namespace chappe::app {
namespace {

using codec::json::Value;
using Take = std::function<Result<void>(ByteView)>;

constexpr std::uint64_t kPiece = 1024 * 1024;

post::FlagList flags_of(const Value& letter) {
  post::FlagList out;
  const Value* flags = letter.find("flags");
  if (!flags) return out;
  for (const Value& item : flags->items()) {
    const std::string name(item.as_string().value_or(""));
    if (name == "\\Answered")
      out.system.set(post::Flag::answered);
    else if (name == "\\Flagged")
      out.system.set(post::Flag::flagged);
    else if (name == "\\Deleted")
      out.system.set(post::Flag::deleted);
    else if (name == "\\Seen")
      out.system.set(post::Flag::seen);
    else if (name == "\\Draft")
      out.system.set(post::Flag::draft);
    else
      out.keywords.push_back(name);
  }
  return out;
}

Result<Bytes> octets_of(const Value& answer) {
  auto octets = codec::base64_decode(text_of(answer, "octets"));
  if (!octets) return fail(Errc::bug, "an answer that is not understood");
  return std::move(*octets);
}

// A letter that is too large for the answer.
Result<void> read_pieces(AdminOffice& office, const std::string& account, const std::string& mailbox, post::Uid uid,
                         std::uint64_t size, const Take& to) {
  for (std::uint64_t at = 0; at < size; at += kPiece) {
    Params params;
    params.add("account", account).add("mailbox", mailbox).add("uid", uid.value);
    params.add("offset", at).add("size", kPiece);
    const auto answer = TRY(ask(office, "store.octets", params));
    const Bytes octets = TRY(octets_of(answer.value));
    TRY(to(octets));
  }
  return {};
}

}  // namespace

Result<OfficePage> read_letters(AdminOffice& office, const std::string& account, const std::string& mailbox,
                                std::uint64_t after, std::uint64_t about) {
  Params params;
  params.add("account", account).add("mailbox", mailbox).add("after", after).add("octets", about);
  const Answer answer = TRY(ask(office, "store.read", params));
  OfficePage out{.letters = {}, .last = number_of(answer.value, "last"), .more = yes(answer.value, "more")};
  for (const Value& row : TRY(answer.value.get("letters"))->items()) {
    Outgoing letter{.uid = {static_cast<std::uint32_t>(number_of(row, "uid"))},
                    .size = number_of(row, "size"),
                    .date = {TRY(row.get_int("date"))},
                    .flags = flags_of(row),
                    .read = {}};
    if (row.find("octets")) {
      Bytes whole = TRY(octets_of(row));
      letter.read = [whole = std::move(whole)](const Take& to) { return to(whole); };
    } else {
      letter.read = [&office, account, mailbox, uid = letter.uid, size = letter.size](const Take& to) {
        return read_pieces(office, account, mailbox, uid, size, to);
      };
    }
    out.letters.push_back(std::move(letter));
  }
  return out;
}

}  // namespace chappe::app
