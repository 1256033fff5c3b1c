#include "post/care/line_ends.h"

namespace chappe::post {

void LineEndsIn::feed(ByteView octets, Bytes& out) {
  while (!octets.empty()) {
    const std::size_t lf = mode_ == Mode::as_is ? octets.npos : octets.find('\n');
    const ByteView head = octets.substr(0, lf);
    out.append(head);
    if (!head.empty()) cr_ = head.back() == '\r';
    if (lf == octets.npos) return;
    if (mode_ == Mode::unknown) mode_ = cr_ ? Mode::as_is : Mode::add_cr;
    if (mode_ == Mode::add_cr && !cr_) out.push_back('\r');
    out.push_back('\n');
    cr_ = false;
    octets.remove_prefix(lf + 1);
  }
}

void LineEndsLook::feed(ByteView octets) {
  if (!octets.empty()) empty_ = false;
  for (const char c : octets) {
    if (c == '\n') {
      const bool crlf = last_ == '\r';
      if (!seen_) first_is_crlf_ = crlf;
      seen_ = true;
      if (!crlf || before_ == '\r') plain_ = false;
    }
    before_ = last_;
    last_ = c;
  }
}

void LineEndsOut::feed(ByteView octets, Bytes& out) {
  while (!octets.empty()) {
    if (cr_ && octets.front() != '\n') out.push_back('\r');
    cr_ = false;
    const std::size_t cr = octets.find('\r');
    out.append(octets.substr(0, cr));
    if (cr == octets.npos) return;
    cr_ = true;
    octets.remove_prefix(cr + 1);
  }
}

void LineEndsOut::finish(Bytes& out) {
  if (cr_) out.push_back('\r');
  cr_ = false;
}

}  // namespace chappe::post
