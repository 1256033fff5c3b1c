// The methods of long work: verify and backup are begun, and looked at until they have ended.
#include "agents/control/params.h"

namespace chappe::agents::control {
namespace {

using codec::json::Writer;

std::string begun(std::uint64_t job) {
  std::string out;
  Writer(out).begin_object().field("job", job).end_object();
  return out;
}

void write(Writer& w, const post::VerifyCounts& c) {
  w.field("rows", c.rows).field("accounts", c.accounts).field("messages", c.messages).field("letters", c.letters);
  w.field("all_letters", c.all_letters).field("octets", c.octets).field("faults", c.faults);
}

void write(Writer& w, const post::BackupNews& b) {
  w.field("generation", b.generation).field("files", b.progress.files).field("all_files", b.progress.all_files);
  w.field("octets", b.progress.octets).field("all_octets", b.progress.all_octets).field("copied", b.progress.copied);
  w.field("configuration", b.configuration);
}

void write(Writer& w, const post::RepairNews& r) {
  w.field("aside", r.aside).field("faults", r.faults).field("taken", r.taken).field("left", r.left);
}

// The address of an account; empty when it has none any more.
Task<std::string> address_of(const Office* office, post::AccountId id, Deadline deadline) {
  if (!office->directory || !id) co_return "";
  const auto account = co_await office->directory->account(id, deadline);
  co_return account ? std::string(account->address.written()) : "";
}

}  // namespace

Answer store_verify(const Office* office, Call call) {
  post::VerifyOptions options;
  options.letters = maybe_yes(call, "letters").value_or(true);
  options.since = CO_TRY(time_of(call, "since")).value_or(Time());
  options.octets_per_second = maybe_number(call, "rate").value_or(0);
  co_return begun(CO_TRY(office->jobs->verify(options)));
}

Answer store_repair(const Office* office, Call call) {
  const std::string aside = text_of(call, "aside");
  if (!aside.starts_with('/')) co_return fail(Errc::invalid, "'aside' must begin with a slash");
  co_return begun(CO_TRY(office->jobs->repair(aside)));
}

Answer store_backup(const Office* office, Call call) {
  const std::string destination = text_of(call, "destination");
  if (!destination.starts_with('/')) co_return fail(Errc::invalid, "'destination' must begin with a slash");
  const auto keep = maybe_number(call, "keep").value_or(0);
  if (keep > UINT32_MAX) co_return fail(Errc::invalid, "'keep' is too large");
  co_return begun(CO_TRY(office->jobs->backup({destination, static_cast<std::uint32_t>(keep)})));
}

Answer store_job(const Office* office, Call call) {
  const auto after = static_cast<std::size_t>(maybe_number(call, "after").value_or(0));
  const post::JobNews news = CO_TRY(office->jobs->look(maybe_number(call, "job").value_or(0), after));
  std::string out;
  Writer w(out);
  w.begin_object();
  std::visit([&w](const auto& state) { write(w, state); }, news.state);
  w.key("findings").begin_array();
  for (const post::Finding& f : news.findings) {
    w.begin_object().field("fault", post::fault_row(f.fault).id);
    if (f.account) w.field("account", f.account.value);
    if (const std::string address = co_await address_of(office, f.account, call.deadline); !address.empty())
      w.field("address", address);
    w.field("what", f.what).field("detail", f.detail).end_object();
  }
  w.end_array().field("next", after + news.findings.size()).field("ended", news.ended && !news.more);
  if (news.error)
    w.key("error")
        .begin_object()
        .field("code", error_row(news.error->code()).name)
        .field("text", news.error->text())
        .end_object();
  w.end_object();
  co_return out;
}

}  // namespace chappe::agents::control
