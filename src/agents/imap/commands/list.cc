// LIST and LSUB (RFC 9051 §6.3.9, RFC 5258, RFC 5819, RFC 6154, RFC 3501 §6.3.9).
#include <algorithm>
#include <map>

#include "agents/imap/commands/proceed.h"
#include "agents/imap/pattern.h"
#include "agents/imap/special_use.h"

namespace chappe::agents::imap {

namespace {

constexpr std::size_t kAtOnce = 100;

// One name of the tree: a mailbox, or a level that only has mailboxes below it.
struct Node {
  const post::MailboxInfo* info = nullptr;  // null: the level itself is no mailbox
  bool children = false;
  bool subscribed_below = false;
};
// In order of name; the views point into the list of mailboxes.
using Tree = std::map<ByteView, Node>;

// There may be a hundred thousand: others get their turn. The mailboxes outlive the tree.
Task<Tree> make_tree(const std::vector<post::MailboxInfo>* mailboxes) {
  Tree tree;
  std::size_t n = 0;
  for (const post::MailboxInfo& m : *mailboxes) {
    if (++n % kAtOnce == 0) co_await net::yield();
    tree[m.name].info = &m;
    const ByteView name = m.name;
    for (std::size_t at = name.rfind(kSeparator); at != ByteView::npos && at > 0; at = name.rfind(kSeparator, at - 1)) {
      Node& above = tree[name.substr(0, at)];
      above.children = true;
      above.subscribed_below = above.subscribed_below || m.subscribed;
    }
  }
  co_return tree;
}

// RFC 9051 §6.3.9: the pattern is read below the reference, unless it names its own root.
std::vector<Bytes> with_reference(const Bytes& reference, const std::vector<Bytes>& patterns) {
  std::vector<Bytes> out;
  out.reserve(patterns.size());
  for (const Bytes& pattern : patterns) out.push_back(reference + pattern);
  return out;
}

bool any_matches(const std::vector<Bytes>& patterns, ByteView name) {
  return std::ranges::any_of(patterns, [&](const Bytes& p) { return matches(p, name); });
}

std::size_t total(const std::vector<Bytes>& patterns) {
  std::size_t n = 0;
  for (const Bytes& p : patterns) n += p.size();
  return n;
}

// What LIST tells of a node; nothing when it is not selected.
std::optional<wire::ListRow> row_of(const wire::List& args, ByteView name, const Node& node, bool rev2) {
  const post::MailboxInfo* info = node.info;
  const bool special = info && info->special_use != post::SpecialUse::none;
  const bool subscribed = info && info->subscribed;
  const bool wanted = (!args.select_subscribed || subscribed) && (!args.select_special_use || special);
  // RFC 5258 §3.5: a level above a match is told as well, with what was found below it.
  const bool below = args.select_recursivematch && args.select_subscribed && node.subscribed_below;
  if (!wanted && !below) return std::nullopt;
  wire::ListRow row{.attributes = {}, .separator = kSeparator, .mailbox = name};
  row.childinfo_subscribed = below;
  if (!info) {
    // RFC 5258 §3: \NonExistent is for those who know it, and implies \Noselect for them.
    if (args.extended || rev2)
      row.attributes.emplace_back("\\NonExistent");
    else
      row.attributes.emplace_back("\\Noselect");
  }
  row.attributes.emplace_back(node.children ? "\\HasChildren" : "\\HasNoChildren");
  if (subscribed && (args.return_subscribed || args.select_subscribed)) row.attributes.emplace_back("\\Subscribed");
  if (special) row.attributes.push_back(special_use_name(info->special_use));
  return row;
}

}  // namespace

Task<void> proceed(Conversation* c, Call call, wire::List args) {
  if (!args.extended && args.patterns.front().empty()) {
    // RFC 9051 §6.3.9: an empty pattern asks for the separator.
    wire::write_list(c->out(), "LIST", {.attributes = {"\\Noselect"}, .separator = kSeparator, .mailbox = ""},
                     c->utf8());
    co_return c->ok(call);
  }
  const std::vector<Bytes> patterns = with_reference(args.reference, args.patterns);
  if (total(patterns) > kMaxPatterns) co_return c->no(call, "LIMIT", "the patterns are too long");
  const auto mailboxes = co_await c->mailboxes().list(c->account, c->deadline());
  if (!mailboxes) co_return c->no(call, mailboxes.error());
  const Tree tree = co_await make_tree(&*mailboxes);
  std::size_t n = 0;
  for (const auto& [name, node] : tree) {
    if (++n % kAtOnce == 0) co_await net::yield();
    if (!any_matches(patterns, name)) continue;
    const auto row = row_of(args, name, node, c->rev2());
    if (!row) continue;
    wire::write_list(c->out(), "LIST", *row, c->utf8());
    if (node.info && !args.return_status.empty()) write_status_of(*c, *node.info, args.return_status);
    if (!co_await c->room()) co_return;
  }
  co_await c->finish(std::move(call));
}

Task<void> proceed(Conversation* c, Call call, wire::Lsub args) {
  const Bytes pattern = args.reference + args.pattern;
  if (pattern.size() > kMaxPatterns) co_return c->no(call, "LIMIT", "the pattern is too long");
  const auto mailboxes = co_await c->mailboxes().list(c->account, c->deadline());
  if (!mailboxes) co_return c->no(call, mailboxes.error());
  const Tree tree = co_await make_tree(&*mailboxes);
  std::size_t n = 0;
  for (const auto& [name, node] : tree) {
    if (++n % kAtOnce == 0) co_await net::yield();
    const bool subscribed = node.info && node.info->subscribed;
    // RFC 3501 §6.3.9: with `%`, a level whose child is subscribed is told as \Noselect.
    const bool above = !subscribed && node.subscribed_below && pattern.contains('%');
    if ((!subscribed && !above) || !matches(pattern, name)) continue;
    wire::ListRow row{.attributes = {}, .separator = kSeparator, .mailbox = name};
    if (above) row.attributes.emplace_back("\\Noselect");
    wire::write_list(c->out(), "LSUB", row, c->utf8());
    if (!co_await c->room()) co_return;
  }
  co_await c->finish(std::move(call));
}

}  // namespace chappe::agents::imap
