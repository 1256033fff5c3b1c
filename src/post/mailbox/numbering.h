// The sequence numbers that a session has told its client (RFC 9051 §2.3.1.2): which UIDs, in pages shared with the
// open mailbox. A value; a mailbox of a million costs some ten thousand octets. Pure; nothing blocks.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "post/mailbox/state_page.h"

namespace chappe::post {

class Numbering {
 public:
  struct Page {
    std::uint32_t number = 0;  // of StatePage
    std::uint32_t before = 0;  // messages in the pages before
    std::shared_ptr<const UidBits> uids;
  };

  std::uint32_t size() const { return size_; }
  const std::vector<Page>& pages() const { return pages_; }
  // Behind all pages there are; `count` UIDs. A page without UIDs is left out.
  void append(std::uint32_t number, std::shared_ptr<const UidBits> uids, std::uint32_t count) {
    if (count == 0) return;
    pages_.push_back({number, size_, std::move(uids)});
    size_ += count;
  }
  void reserve(std::size_t pages) { pages_.reserve(pages); }
  // UIDs of a page of this numbering.
  std::uint32_t count(std::vector<Page>::const_iterator page) const {
    return (page + 1 == pages_.end() ? size_ : (page + 1)->before) - page->before;
  }
  // The page of a sequence number in 1..size().
  std::vector<Page>::const_iterator page_of(std::uint32_t seq) const {
    return std::ranges::upper_bound(pages_, seq - 1, {}, &Page::before) - 1;
  }
  Uid uid(std::uint32_t seq) const {
    const Page& p = *page_of(seq);
    return {p.number * UidBits::kSize + p.uids->nth(seq - 1 - p.before)};
  }
  // The sequence number of the first message with this UID or a higher one; size() + 1 if there is none.
  std::uint32_t lower_bound(Uid uid) const {
    const auto p = std::ranges::lower_bound(pages_, uid.value / UidBits::kSize, {}, &Page::number);
    if (p == pages_.end()) return size_ + 1;
    if (p->number != uid.value / UidBits::kSize) return p->before + 1;
    return p->before + p->uids->rank(uid.value % UidBits::kSize) + 1;
  }
  // 0 if it has no such message.
  std::uint32_t seq(Uid uid) const {
    const std::uint32_t at = lower_bound(uid);
    return at <= size_ && this->uid(at) == uid ? at : 0;
  }

 private:
  std::vector<Page> pages_;
  std::uint32_t size_ = 0;
};

}  // namespace chappe::post
