export type AnswerClass = "accepted" | "pending" | "exists" | "ambiguous" | "retry" | "refused";
