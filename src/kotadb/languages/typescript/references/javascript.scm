; Where JavaScript's grammar differs.

(class_declaration name: (identifier) @bind) @around
(class name: (identifier) @bind)

(export_statement "default" declaration: (_)) @exported.default

(class_heritage (identifier) @reference.extends)
(class_heritage (member_expression object: (_) @object property: (_) @reference.extends))

(field_definition property: [(property_identifier) (private_property_identifier)] @declares value: (_) @value)

(formal_parameters (identifier) @bind.value)
(formal_parameters (assignment_pattern left: (identifier) @bind.value right: (_) @value))
(formal_parameters (rest_pattern (identifier) @bind.value))
