// chappe store reindex: the search index of an account, or of all, made anew.
#include <fmt/format.h>

#include <thread>

#include "app/admin.h"
#include "app/admin_call.h"
#include "app/admin_input.h"
#include "app/progress.h"
#include "base/text.h"

namespace chappe::app {
namespace {

using codec::json::Value;
using codec::json::Writer;

constexpr auto kLook = std::chrono::milliseconds(200);
constexpr auto kStill = std::chrono::minutes(3);  // an index that does not move for so long is not waited for

// Until the index of the account has all of its letters; how many.
Result<std::uint64_t> wait_for(AdminOffice& office, const std::string& account,
                               const std::function<void(std::uint64_t done, std::uint64_t all)>& seen) {
  std::uint64_t last = 0;
  for (auto moved = std::chrono::steady_clock::now();;) {
    Params params;
    params.add("account", account);
    const Answer answer = TRY(ask(office, "search.progress", params));
    const std::uint64_t done = number_of(answer.value, "indexed"), pending = number_of(answer.value, "pending");
    seen(done, done + pending);
    if (!yes(answer.value, "scanning") && pending == 0) return done;
    const auto now = std::chrono::steady_clock::now();
    if (std::exchange(last, done) != done) moved = now;
    if (now - moved > kStill)
      return fail(Errc::timeout, "the index of {} does not move: the server's log may say why",
                  printable(account, 100));
    std::this_thread::sleep_for(kLook);
  }
}

Result<std::vector<std::string>> accounts_of(const Invocation& i) {
  if (!i.arguments().empty()) return std::vector{std::string(i.argument(0))};
  std::vector<std::string> out;
  for (const Value& row : TRY(all_pages(i, "account.list", "accounts"))) out.push_back(text_of(row, "address"));
  return out;
}

}  // namespace

int store_reindex(const Invocation& i) {
  const auto accounts = accounts_of(i);
  if (!accounts) return i.refuse(accounts.error());
  auto office = AdminOffice::open(i);
  if (!office) return i.refuse(office.error());
  const bool served = (*office)->served();
  std::uint64_t messages = 0, done = 0;
  std::optional<Error> error;
  {
    Progress progress(i);
    for (const std::string& account : *accounts) {
      Params params;
      params.add("account", account);
      Result<std::uint64_t> letters = 0;
      if (const auto begun = ask(**office, "search.renew", params); !begun)
        letters = std::unexpected(begun.error());
      else if (served)
        letters = wait_for(**office, account, [&](std::uint64_t now, std::uint64_t all) {
          progress.show(now, all,
                        fmt::format(fmt::runtime(i.say({"{} ({} of {} accounts)", "{} ({} comptes sur {})"})),
                                    one_line(account), done + 1, accounts->size()));
        });
      if (!letters) {
        error = letters.error();
        break;
      }
      messages += *letters;
      ++done;
    }
  }
  if (i.json()) {
    std::string out;
    Writer w(out);
    w.begin_object().field("accounts", done).field("messages", messages);
    w.field("complete", !error && served).end_object();
    print(out + "\n");
  } else if (served) {
    print(fmt::format(fmt::runtime(i.say({"{} messages of {} accounts are in the index anew.\n",
                                          "{} messages de {} comptes sont de nouveau dans l'index.\n"})),
                      messages, done));
  } else {
    print(fmt::format(
        fmt::runtime(i.say({"The index of {} accounts is thrown away; the server makes it anew once it runs.\n",
                            "L'index de {} comptes est jeté ; le serveur le refait dès qu'il tourne.\n"})),
        done));
  }
  return error ? i.refuse(*error) : 0;
}

}  // namespace chappe::app
