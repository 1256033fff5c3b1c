// chappe store export: the letters of an account into a Maildir, mbox files, a tree of .eml, or a zip of one.
#include <fmt/format.h>

#include "app/admin.h"
#include "app/admin_call.h"
#include "app/admin_input.h"
#include "app/office_letters.h"
#include "app/progress.h"
#include "base/text.h"
#include "post/mailbox/mailbox.h"

namespace chappe::app {
namespace {

using codec::json::Value;
using codec::json::Writer;

constexpr std::size_t kPageOctets = 2 * 1024 * 1024;
constexpr std::uint64_t kKept = 32 * 1024 * 1024;  // octets between two syncs
constexpr std::size_t kMostReasons = 1000;

struct Report {
  std::uint64_t exported = 0, octets = 0, mailboxes = 0, inexact = 0, skipped = 0;
  std::vector<std::pair<std::string, std::string>> reasons;

  void say(std::string where, std::string why) {
    if (reasons.size() < kMostReasons) reasons.emplace_back(std::move(where), std::move(why));
  }
};

class Exporter {
 public:
  Exporter(const Invocation& invocation, AdminOffice& office, LetterTarget& target, std::string account)
      : invocation_(invocation),
        office_(office),
        target_(target),
        account_(std::move(account)),
        progress_(invocation) {}

  // `only`: the mailbox of this name; empty: all of them.
  Result<void> run(const std::string& only) {
    Params params;
    params.add("account", account_);
    const Answer answer = TRY(ask(office_, "store.mailboxes", params));
    const auto& all = TRY(answer.value.get("mailboxes"))->items();
    std::vector<const Value*> chosen;
    for (const Value& m : all) {
      if (!only.empty() && text_of(m, "name") != only) continue;
      chosen.push_back(&m);
      total_ += number_of(m, "size");
    }
    if (!only.empty() && chosen.empty()) return fail(Errc::not_found, "there is no mailbox {}", printable(only));
    for (const Value* m : chosen) TRY(mailbox(*m));
    return target_.finish();
  }
  const Report& report() const { return report_; }
  void quiet() { progress_.clear(); }

 private:
  Result<void> mailbox(const Value& row) {
    mailbox_ = text_of(row, "name");
    const auto begun = target_.begin({mailbox_, static_cast<std::uint32_t>(number_of(row, "uidvalidity"))});
    if (!begun && begun.error().code() == Errc::too_large) {
      ++report_.skipped;
      say(mailbox_, begun.error().text());
      return {};
    }
    std::uint64_t after = TRY(Result<post::Uid>(begun)).value;
    std::uint64_t unkept = 0;
    for (bool more = true; more;) {
      OfficePage page = TRY(read_letters(office_, account_, mailbox_, after, kPageOctets));
      for (const Outgoing& letter : page.letters) {
        TRY(take(letter));
        unkept += letter.size;
      }
      after = page.last;
      more = page.more;
      if (unkept >= kKept || !more) {
        TRY(target_.keep());
        unkept = 0;
      }
    }
    ++report_.mailboxes;
    return {};
  }

  Result<void> take(const Outgoing& letter) {
    const auto done = target_.letter(letter);
    if (!done && done.error().code() == Errc::not_found) return {};  // expunged since
    if (!done && done.error().code() == Errc::corrupt) {
      ++report_.skipped;
      say(fmt::format("{} {}", mailbox_, letter.uid.value), done.error().text());
      return {};
    }
    const Inexact inexact = TRY(Result<Inexact>(done));
    ++report_.exported;
    report_.octets += letter.size;
    if (!inexact.empty()) {
      ++report_.inexact;
      say(fmt::format("{} {}", mailbox_, letter.uid.value), std::string(inexact));
    }
    progress_.show(
        report_.octets, total_,
        fmt::format(fmt::runtime(invocation_.say({"{} letters, {}", "{} lettres, {}"})), report_.exported, mailbox_));
    return {};
  }

  void say(std::string where, std::string why) {
    if (!invocation_.json()) {
      progress_.clear();
      std::fprintf(stderr, "%s: %s\n", one_line(where).c_str(), one_line(why).c_str());
    }
    report_.say(std::move(where), std::move(why));
  }

  const Invocation& invocation_;
  AdminOffice& office_;
  LetterTarget& target_;
  const std::string account_;
  Progress progress_;
  Report report_;
  std::string mailbox_;
  std::uint64_t total_ = 0;
};

int tell(const Invocation& i, const Report& r, const std::optional<Error>& error) {
  if (i.json()) {
    std::string out;
    Writer w(out);
    w.begin_object().field("exported", r.exported).field("octets", r.octets).field("mailboxes", r.mailboxes);
    w.field("inexact", r.inexact).field("skipped", r.skipped).key("reasons").begin_array();
    for (const auto& [where, why] : r.reasons) w.begin_object().field("where", where).field("why", why).end_object();
    w.end_array().field("complete", !error).end_object();
    print(out + "\n");
  } else {
    print(fmt::format(
        fmt::runtime(
            i.say({"{} letters of {} mailboxes exported ({}); {} of them do not come back octet for octet, {} "
                   "mailboxes or letters left out.\n",
                   "{} lettres de {} boîtes exportées ({}) ; {} d'entre elles ne reviennent pas à l'octet près, "
                   "{} boîtes ou lettres laissées.\n"})),
        r.exported, r.mailboxes, size_for_people(r.octets, i.french()), r.inexact, r.skipped));
  }
  if (error) return i.refuse(*error);
  return r.skipped > 0 ? error_row(Errc::invalid).exit : 0;
}

}  // namespace

int store_export(const Invocation& invocation) {
  const auto account = invocation.value("account");
  if (!account)
    return invocation.refuse(
        Error(Errc::usage, std::string(invocation.say(
                               {"say which account: --account ADDRESS", "dites quel compte : --account ADRESSE"}))));
  std::string only = invocation.value("mailbox").value_or("");
  if (!only.empty()) {
    const auto canonical = post::canonical_mailbox_name(only);
    if (!canonical) return invocation.refuse(canonical.error());
    only = *canonical;
  }
  auto office = AdminOffice::open(invocation);
  if (!office) return invocation.refuse(office.error());
  Params params;
  params.add("address", *account);
  if (const auto there = ask(**office, "account.show", params); !there) return invocation.refuse(there.error());
  auto target =
      open_target(invocation.argument(0),
                  archive_format(invocation.value("format").value_or("maildir")).value_or(ArchiveFormat::maildir));
  if (!target) return invocation.refuse(target.error());
  Exporter exporter(invocation, **office, **target, *account);
  const auto done = exporter.run(only);
  exporter.quiet();
  return tell(invocation, exporter.report(), done ? std::nullopt : std::optional(done.error()));
}

}  // namespace chappe::app
