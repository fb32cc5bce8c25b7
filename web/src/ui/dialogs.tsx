import { Button, Modal, TextInput } from '@mantine/core';
import { type ReactNode, useState, useSyncExternalStore } from 'react';

import { say } from './toast';

interface Question {
  title: string;
  text: ReactNode;
  yes: string;
  act: () => void;
}

let asked: Question | null = null;
const listeners = new Set<() => void>();

function set(question: Question | null) {
  asked = question;
  listeners.forEach((listener) => listener());
}

// Asks before something is taken away. One <Confirm/> on the page shows it.
export const confirm = (question: Question) => set(question);

export function Confirm() {
  const question = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => asked,
  );
  return (
    <Modal opened={question !== null} onClose={() => set(null)} title={question?.title} size="sm">
      <div className="muted">{question?.text}</div>
      <div className="row" style={{ justifyContent: 'flex-end', marginTop: 16 }}>
        <Button variant="default" onClick={() => set(null)}>
          Cancel
        </Button>
        <Button
          color="red"
          data-autofocus
          onClick={() => {
            set(null);
            question?.act();
          }}
        >
          {question?.yes}
        </Button>
      </div>
    </Modal>
  );
}

// A dialog that asks for one line of text.
export function useAsk(title: string, label: string, first: string, act: (text: string) => Promise<unknown>, yes = 'Save') {
  const [opened, setOpened] = useState(false);
  const [text, setText] = useState(first);
  const [busy, setBusy] = useState(false);
  const submit = async () => {
    setBusy(true);
    try {
      await act(text.trim());
      setOpened(false);
    } catch (error) {
      say((error as Error).message, 'bad');
    } finally {
      setBusy(false);
    }
  };
  return {
    open: () => {
      setText(first);
      setOpened(true);
    },
    dialog: (
      <Modal opened={opened} onClose={() => setOpened(false)} title={title} size="sm">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (text.trim()) void submit();
          }}
        >
          <TextInput data-autofocus label={label} value={text} onChange={(event) => setText(event.currentTarget.value)} />
          <div className="row" style={{ justifyContent: 'flex-end', marginTop: 16 }}>
            <Button variant="default" onClick={() => setOpened(false)}>
              Cancel
            </Button>
            <Button type="submit" loading={busy} disabled={!text.trim()}>
              {yes}
            </Button>
          </div>
        </form>
      </Modal>
    ),
  };
}

export const useRename = (noun: string, name: string, act: (name: string) => Promise<unknown>) =>
  useAsk(`Rename ${noun}`, 'Name', name, act, 'Rename');
