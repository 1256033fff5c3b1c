// The one program. Everything it can do is a verb.
int main() { return 0; }
