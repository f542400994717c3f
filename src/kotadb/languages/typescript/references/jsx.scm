; JSX: a name in lower case is an element of the page, not a component. End tags repeat the name, as references too.

([
  (jsx_opening_element name: (identifier) @ignore)
  (jsx_closing_element name: (identifier) @ignore)
  (jsx_self_closing_element name: (identifier) @ignore)
]
  (#match? @ignore "^[a-z]"))

[
  (jsx_opening_element name: (identifier) @reference.jsx)
  (jsx_closing_element name: (identifier) @reference.jsx)
  (jsx_self_closing_element name: (identifier) @reference.jsx)
]
[
  (jsx_opening_element name: (member_expression object: (_) @object property: (_) @reference.jsx))
  (jsx_closing_element name: (member_expression object: (_) @object property: (_) @reference.jsx))
  (jsx_self_closing_element name: (member_expression object: (_) @object property: (_) @reference.jsx))
]
